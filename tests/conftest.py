"""What all tests share: a lab of their own, on ports and in folders of their own.

The lab that a developer has running on the default ports is never touched.
"""

import os
import shutil
import signal
import socket
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bench.experiment.assembly import open_lab
from bench.experiment.lab import Lab
from bench.targets import known_targets

# A shell starts background jobs with Ctrl-C ignored, and children inherit that: the tests that
# interrupt something would wait for ever.
signal.signal(signal.SIGINT, signal.default_int_handler)


@dataclass(frozen=True)
class LiveService:
    """A running service: its address, and a superuser's way into its database."""

    name: str
    base_url: str
    dsn: str
    pgpass: Path


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As a server would: a port that only waits for late packets counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free_offset(start: int) -> int:
    """The first PORT_OFFSET from `start` on at which all of the lab's ports are free."""
    for offset in range(start, start + 5_000, 10):
        targets = known_targets(offset)
        ports = [port for one in targets for port in (one.http_port, one.database_port)]
        if all(map(_is_free, ports)):
            return offset
    raise AssertionError(f"no free block of ports from offset {start} on")


def lab_environment(folder: Path, start: int) -> dict[str, str]:
    """The environment of a lab in `folder`: its own ports, state, results and locks."""
    folder.chmod(0o755)  # the services' user must get through it
    (folder / "locks").mkdir()
    return {
        "PORT_OFFSET": str(free_offset(start)),
        # What a developer's own machine offers is not what is tested; tests/systemd/ says so.
        "SUPERVISOR": os.environ.get("ONECORE_TEST_SUPERVISOR", "process"),
        "ONECORE_STATE": str(folder / "state"),
        "ONECORE_RESULTS": str(folder / "results"),
        "ONECORE_LOCKS": str(folder / "locks"),
    }


@pytest.fixture(scope="session")
def public_folder() -> Iterator[Path]:
    """A folder that an unprivileged services' user can reach, which pytest's own is not."""
    folder = Path(tempfile.mkdtemp(prefix="onecore-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def lab(public_folder: Path) -> Iterator[Lab]:
    """The real lab with all services up, for the whole session."""
    folder = public_folder / "lab"
    folder.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in lab_environment(folder, start=10_000).items():
            patch.setenv(name, value)
        lab = open_lab(())
    cpus = os.sched_getaffinity(0)
    try:
        lab.start(lab.targets, outlive=False)
        yield lab
    finally:
        lab.down()
        os.sched_setaffinity(0, cpus)


@pytest.fixture(scope="session")
def live_services(lab: Lab) -> dict[str, LiveService]:
    """Every service, up and with its schema."""
    return {
        target.name: LiveService(
            name=target.name,
            base_url=lab.base_url(target),
            dsn=lab.dsn(target).replace("testuser@", "postgres@"),
            pgpass=lab.secrets.admin_pgpass,
        )
        for target in lab.targets
    }
