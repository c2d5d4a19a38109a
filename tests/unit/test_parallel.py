"""When tests are run by several workers, and that none of them goes on without its pytest."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.parallel import LONG_FIRST, TESTS, workers_for

CPUS = len(os.sched_getaffinity(0))
ALL = 2 * CPUS if CPUS > 1 else 0


def config(*args: str, **options: bool) -> SimpleNamespace:
    option = {"usepdb": False, "collectonly": False, **options}
    return SimpleNamespace(
        args=args,
        option=SimpleNamespace(**option),
        invocation_params=SimpleNamespace(dir=TESTS.parent),
    )


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (config("tests"), ALL),
        (config("tests/unit"), ALL),
        (config("tests/unit/stats", "tests/e2e/"), ALL),
        (config("tests/unit/stats"), 0),
        (config("tests/unit/test_parallel.py"), 0),
        (config("tests/unit/test_parallel.py::test_it"), 0),
        (config("tests", usepdb=True), 0),
        (config("tests", collectonly=True), 0),
    ],
    ids=lambda value: str(getattr(value, "args", value)),
)
def test_only_what_takes_long_is_worth_workers(asked, expected: int) -> None:
    """More than there are CPUs for whole folders; none for a file, or to debug."""
    assert workers_for(asked) == expected


def test_every_folder_has_its_place_in_the_order() -> None:
    """A new folder of tests would fail to be collected otherwise."""
    folders = {path.name for path in TESTS.iterdir() if path.is_dir()} - {"__pycache__"}
    assert set(LONG_FIRST) == folders


HANGS = """
import os, pathlib, time


def test_it():
    folder = pathlib.Path(__file__).parent
    (folder / "new").write_text(str(os.getpid()))
    (folder / "new").rename(folder / "pid")
    try:
        time.sleep(600)
    finally:
        (folder / "ended").touch()


def test_next():
    time.sleep(600)
"""


def eventually(path: Path) -> None:
    deadline = time.monotonic() + 240
    while not path.exists():
        assert time.monotonic() < deadline, f"there is no {path.name}"
        time.sleep(0.05)


def test_a_worker_ends_with_its_pytest(tmp_path: Path) -> None:
    """After kill -9 of pytest its worker is interrupted: fixtures end, and no next test begins."""
    (tmp_path / "conftest.py").write_text(
        "from tests.parallel import pytest_configure  # noqa: F401\n"
    )
    (tmp_path / "test_it.py").write_text(HANGS)
    command = [
        *(sys.executable, "-m", "pytest", "-q", "-p", "xdist", "-p", "no:cacheprovider"),
        *("-n", "1", "--dist", "loadfile", f"--rootdir={tmp_path}", "-c", os.devnull),
        str(tmp_path),
    ]
    environment = {"PYTHONPATH": str(TESTS.parent), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    with subprocess.Popen(
        command, env={**os.environ, **environment}, stdout=subprocess.DEVNULL
    ) as controller:
        eventually(tmp_path / "pid")
        worker = int((tmp_path / "pid").read_text())
        controller.send_signal(signal.SIGKILL)
    eventually(tmp_path / "ended")
    while Path(f"/proc/{worker}").exists():
        time.sleep(0.05)
