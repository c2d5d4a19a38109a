"""One supervisor, with a folder of its own and a factory of units.

The suite runs once as it is, with the process supervisor, and again under a real systemd, where
ONECORE_TEST_SUPERVISOR says so: tests/systemd/ sees to that.
"""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bench.database.cluster import SYSTEM_PATH
from bench.experiment.supervisors import make_outfit
from bench.model import Unit
from bench.supervise import Supervisor
from bench.supervise.identity import current_identities
from bench.supervise.process import ProcessSupervisor
from bench.supervise.systemd.manager import find_manager
from bench.supervise.systemd.supervisor import SystemdSupervisor

UNITS = Path(__file__).parent / "units"

MakeUnit = Callable[..., Unit]


@pytest.fixture
def state(public_folder: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A state folder that the units' user can reach."""
    folder = public_folder / f"supervise-{abs(hash(request.node.name))}"
    folder.mkdir()
    shutil.copy(Path(__file__).parent / "program.py", folder / "program.py")
    yield folder
    shutil.rmtree(folder)


def make_supervisor(kind: str, state: Path) -> Supervisor:
    """A new supervisor object on the same state, as the next command would make it."""
    identities = current_identities((state,))
    if kind == "process":
        return ProcessSupervisor(state, lambda: identities)
    values = {"python": sys.executable, "state": str(state)}
    needed = (state, *map(Path, (sys.prefix, sys.base_prefix)))
    outfit = make_outfit(identities.databases, state, values, needed, cpuset=False)
    return SystemdSupervisor(find_manager(), "onecore", UNITS, state, lambda: outfit)


@pytest.fixture
def kind() -> str:
    return os.environ.get("ONECORE_TEST_SUPERVISOR", "process")


@pytest.fixture
def supervisor(kind: str, state: Path) -> Iterator[Supervisor]:
    made = make_supervisor(kind, state)
    yield made
    for name in made.names():
        made.stop(name)


@pytest.fixture
def make_unit(state: Path, port: int, cpu: int) -> MakeUnit:
    """Units that run program.py; keyword arguments replace fields of the unit."""

    def make(behaviour: str = "quiet", **changes: object) -> Unit:
        fields: dict[str, object] = {
            "name": "onecore-test",
            "command": (sys.executable, "-S", str(state / "program.py"), str(port), behaviour),
            "directory": state,
            "environment": {"PATH": SYSTEM_PATH},
            "cpus": (cpu,),
            "port": port,
            "template": "onecore-test",
        }
        return Unit(**{**fields, **changes})  # type: ignore[arg-type]

    return make
