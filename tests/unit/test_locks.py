"""One measurement at a time on one machine, whoever starts it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench.errors import LabBusy
from bench.experiment.machine_lock import measuring_alone
from bench.supervise.identity import uncovering

ROOT = Path(__file__).parents[2]
HOLD = (
    "from bench.experiment.machine_lock import measuring_alone\n"
    "import sys\n"
    "with measuring_alone():\n"
    "    print('held', flush=True)\n"
    "    sys.stdin.read()\n"
)


@pytest.fixture(autouse=True)
def _own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock of this test's: the machine's may be held by whoever measures."""
    monkeypatch.setenv("ONECORE_LOCKS", str(tmp_path))


@contextmanager
def another(*prefix: str, **variables: str) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the lock."""
    with subprocess.Popen(
        [*prefix, sys.executable, "-c", HOLD],
        cwd=ROOT, env={**os.environ, **variables},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_measurement_is_refused_and_told_who_measures() -> None:
    """Whatever the other one's temporary folder, as `nix develop` gives each shell its own."""
    with another(TMPDIR="/nonexistent") as process:
        for _ in range(10):  # the tenth one is told as much as the first
            with pytest.raises(LabBusy, match=f"pid {process.pid} of "), measuring_alone():
                pytest.fail("two measurements at once")
    with measuring_alone():
        pass


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be two users")
def test_it_is_the_same_for_all_users() -> None:
    """An ordinary user's keeps root out; nobody has to be able to write to another's file."""
    folders = (ROOT, Path(sys.prefix).resolve(), Path(sys.base_prefix).resolve())
    ids = ("setpriv", "--reuid=42424", "--regid=42424", "--clear-groups", "--")
    with (
        another(*uncovering(folders), *ids),
        pytest.raises(LabBusy, match="of #42424"),
        measuring_alone(),
    ):
        pytest.fail("two measurements at once")


def test_within_one_process_too() -> None:
    """It is not a lock of the process but of the measurement."""
    with (
        measuring_alone(),
        pytest.raises(LabBusy, match="another measurement"),
        measuring_alone(),
    ):
        pytest.fail("two measurements at once")


def test_a_killed_holder_is_in_nobodys_way() -> None:
    """The kernel gives the lock back; what the holder has started does not keep it."""
    with another() as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
        with measuring_alone():
            child = subprocess.Popen(["sleep", "600"], close_fds=False)
        try:
            with measuring_alone():
                pass
        finally:
            child.kill()
            child.wait()


def test_another_lock_excludes_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests beside each other, and beside a lab that measures."""
    with another():
        monkeypatch.setenv("ONECORE_LOCKS", "another one")
        with measuring_alone():
            pass
