"""Every supervisor in turn, with a folder of its own and a factory of units."""

import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bench.model import Unit
from bench.supervise import Supervisor
from bench.supervise.identity import current_identity
from bench.supervise.process import ProcessSupervisor

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
    assert kind == "process"
    return ProcessSupervisor(state, current_identity((state,)))


@pytest.fixture(params=["process"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def supervisor(kind: str, state: Path) -> Iterator[Supervisor]:
    made = make_supervisor(kind, state)
    yield made
    for name in made.names():
        made.stop(name)


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def make_unit(state: Path, port: int) -> MakeUnit:
    """Units that run program.py; keyword arguments replace fields of the unit."""

    def make(behaviour: str = "quiet", **changes: object) -> Unit:
        fields: dict[str, object] = {
            "name": "onecore-test",
            "command": (sys.executable, "-S", str(state / "program.py"), str(port), behaviour),
            "directory": state,
            "environment": {"PATH": "/usr/bin:/bin"},
            "cpus": (0,),
            "port": port,
        }
        return Unit(**{**fields, **changes})  # type: ignore[arg-type]

    return make
