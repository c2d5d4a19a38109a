"""Tests on all CPUs.

`tests` and each folder in it are run by two workers for each CPU: whoever waits for a server does
not use one. A smaller selection is not, since to start workers would take longer. What `-n`,
`--dist` or `--pdb` says is obeyed.

The tests of a file stay together, because fixtures of a module are made once. So do all that use
the lab: to bring up every target once more would cost more than a second worker saves.
"""

import ctypes
import os
import signal
from pathlib import Path

import pytest
from xdist.scheduler import LoadScopeScheduling

TESTS = Path(__file__).parent
LONG_FIRST = ("machine", "systemd", "e2e", "conformance", "contract", "unit")
"""Folders in the order in which their files begin, so that short files fill up the end."""

_PR_SET_PDEATHSIG = 1

USE_THE_LAB = (
    "tests/contract/",
    "tests/conformance/database/",
    "tests/conformance/load/test_swarm.py",
    "tests/conformance/test_service_suites.py",
    "tests/e2e/test_declared.py",
)
"""Begin the names of the tests whose fixtures use the lab, and of those beside them in a file."""


def workers_for(config: pytest.Config) -> int:
    """How many workers this command line is worth; 0 when this process does it alone."""
    large = {TESTS, *(TESTS / name for name in LONG_FIRST)}
    asked = {(config.invocation_params.dir / word).resolve() for word in config.args}
    if config.option.usepdb or config.option.collectonly or not asked & large:
        return 0
    cpus = len(os.sched_getaffinity(0))
    return 2 * cpus if cpus > 1 else 0


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


class _Together(LoadScopeScheduling):
    def _split_scope(self, nodeid: str) -> str:
        return "the lab" if nodeid.startswith(USE_THE_LAB) else nodeid.partition("::")[0]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> _Together | None:
    """What stays together, where nobody has asked for anything else."""
    return _Together(config, log) if config.option.dist == "loadfile" else None


def pytest_configure(config: pytest.Config) -> None:
    """A worker whose pytest was killed is interrupted, so that its labs end too.

    pytest-xdist would go on to the end of the file.
    """
    if hasattr(config, "workerinput"):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In a worker: files in the order of their folders, those that use the lab before all.

    Raises UsageError for a test that uses the lab and is not among USE_THE_LAB.
    """
    strangers = [
        item.nodeid
        for item in items
        if not item.nodeid.startswith(USE_THE_LAB) and _uses_the_lab(item)
    ]
    if strangers:
        raise pytest.UsageError(f"add to USE_THE_LAB in tests/parallel.py: {', '.join(strangers)}")
    if hasattr(config, "workerinput"):
        items.sort(key=_place)


def _uses_the_lab(item: pytest.Item) -> bool:
    """Whether it is tests/conftest.py's fixture that is meant by this name."""
    fixtures = item._fixtureinfo.name2fixturedefs if isinstance(item, pytest.Function) else {}
    return any(fixture.baseid == TESTS.name for fixture in fixtures.get("lab", ())[-1:])


def _place(item: pytest.Item) -> int:
    if item.nodeid.startswith(USE_THE_LAB):
        return -1
    return LONG_FIRST.index(item.path.relative_to(TESTS).parts[0])
