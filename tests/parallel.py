"""Tests on all CPUs.

`tests` and each folder in it are run by as many workers as there are CPUs. A smaller selection is
not, since to start workers would take longer. What `-n`, `--dist` or `--pdb` says is obeyed.

The tests of a file stay together, because fixtures of a module are made once. A worker that needs
the lab starts one of its own.
"""

import ctypes
import os
import signal
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
LONG_FIRST = ("systemd", "e2e", "conformance", "contract", "unit")
"""Folders in the order in which their files begin, so that short files fill up the end."""

_PR_SET_PDEATHSIG = 1


def workers_for(config: pytest.Config) -> int:
    """How many workers this command line is worth; 0 when this process does it alone."""
    large = {TESTS, *(TESTS / name for name in LONG_FIRST)}
    asked = {(config.invocation_params.dir / word).resolve() for word in config.args}
    if config.option.usepdb or config.option.collectonly or not asked & large:
        return 0
    cpus = len(os.sched_getaffinity(0))
    return cpus if cpus > 1 else 0


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Say what pytest-xdist is to do, before it looks."""
    option = config.option
    if hasattr(config, "workerinput") or not config.pluginmanager.has_plugin("xdist"):
        return
    if option.numprocesses is None and not option.tx:
        option.numprocesses = workers_for(config)
    if option.numprocesses and option.dist == "no":
        option.dist = "loadfile"
        option.loadscopereorder = False  # which would be by the number of tests


def pytest_configure(config: pytest.Config) -> None:
    """A worker whose pytest was killed is interrupted, so that its labs end too.

    pytest-xdist would go on to the end of the file.
    """
    if hasattr(config, "workerinput"):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In a worker: files in the order of their folders."""
    if hasattr(config, "workerinput"):
        items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    return LONG_FIRST.index(item.path.relative_to(TESTS).parts[0])
