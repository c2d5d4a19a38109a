"""What all tests share: a lab of their own, on ports and in folders of their own.

The lab that a developer has running on the default ports is never touched.
"""

import gc
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from bench.experiment.assembly import open_lab
from bench.experiment.lab import Lab
from bench.load.users.settings import MASTER_PORT, UI_PORT
from bench.supervise.ports import is_free
from bench.targets import known_targets

from .claims import claimed
from .parallel import (  # noqa: F401
    pytest_cmdline_main,
    pytest_collection_modifyitems,
    pytest_configure,
    pytest_xdist_make_scheduler,
)
from .skipping import pytest_runtest_makereport, pytest_terminal_summary  # noqa: F401

# A shell starts background jobs with Ctrl-C ignored, and children inherit that: the tests that
# interrupt something would wait for ever.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Some hundred times the lab is started: each would compile all of it anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# A busy machine must not fail a property.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


# What is loaded and collected stays to the end: it need not be looked through again and again.
gc.disable()


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop() -> None:
    """From here on there is garbage, with whoever runs tests and with whoever hands them out."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)  # there is memory enough not to look for it all the time
    gc.enable()


@dataclass(frozen=True)
class LiveService:
    """A running service: its address, and a superuser's way into its database."""

    name: str
    base_url: str
    dsn: str
    pgpass: Path


def _offset_is_free(offset: int) -> bool:
    """Whether nobody listens on any port of a lab that is moved by this offset."""
    targets = known_targets(offset)
    ports = [port for target in targets for port in (target.http_port, target.database_port)]
    return all(map(is_free, (*ports, MASTER_PORT + offset, UI_PORT + offset)))


_FOR_LIFE = ExitStack()
"""What this process has claimed for as long as it lives; the kernel gives it back."""


def lab_environment(folder: Path, start: int) -> dict[str, str]:
    """The environment of a lab in `folder`: its own ports, state, results and locks."""
    offset = _FOR_LIFE.enter_context(claimed("offset", start, 10, _offset_is_free))
    folder.chmod(0o755)  # the services' user must get through it
    (folder / "locks").mkdir()
    return {
        "PORT_OFFSET": str(offset),
        # What a developer's own machine offers is not what is tested; tests/systemd/ says so.
        "SUPERVISOR": os.environ.get("ONECORE_TEST_SUPERVISOR", "process"),
        "ONECORE_STATE": str(folder / "state"),
        "ONECORE_RESULTS": str(folder / "results"),
        "ONECORE_LOCKS": str(folder / "locks"),
    }


@pytest.fixture
def port() -> Iterator[int]:
    """A port for this test alone. It lies below those that the kernel hands out by itself."""
    with claimed("port", 11_000, 1, is_free) as number:
        yield number


@pytest.fixture(scope="session")
def cpu() -> int:
    """A CPU that this process may use: the first one of all may belong to somebody else."""
    return min(os.sched_getaffinity(0))


@pytest.fixture(scope="session")
def public_folder() -> Iterator[Path]:
    """A folder that an unprivileged services' user can reach, which pytest's own is not."""
    folder = Path(tempfile.mkdtemp(prefix="onecore-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def lab(public_folder: Path) -> Iterator[Lab]:
    """The real lab for the whole session. A test starts in it what it needs, which then stays."""
    folder = public_folder / "lab"
    folder.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in lab_environment(folder, start=10_000).items():
            patch.setenv(name, value)
        lab = open_lab(())
    cpus = os.sched_getaffinity(0)
    try:
        yield lab
    finally:
        lab.down()
        os.sched_setaffinity(0, cpus)


@pytest.fixture(scope="session")
def live_services(lab: Lab) -> dict[str, LiveService]:
    """Every service, up and with its schema."""
    lab.start(lab.targets, outlive=False)
    return {
        target.name: LiveService(
            name=target.name,
            base_url=lab.base_url(target),
            dsn=lab.dsn(target).replace("testuser@", "postgres@"),
            pgpass=lab.secrets.admin_pgpass,
        )
        for target in lab.targets
    }
