"""A lab that starts a unit and ends with kill -9. What it does is pickled on standard input."""

import os
import pickle
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from bench.model import Unit
from bench.supervise.process import ProcessSupervisor

from .conftest import make_supervisor
from .test_supervisor import restart, start

ROOT = Path(__file__).parents[3]
When = Literal[
    "at once",
    "when it answers",
    "when it is frozen",
    "when it is restarted",
    "before the old one ends",
    "between two processes",
    "before its record",
]


@dataclass(frozen=True)
class Order:
    """The lab is killed when its `unit` has come as far as `when`."""

    kind: str
    state: Path
    unit: Unit
    outlive: bool
    when: When


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _die_with_its_pid(
    _self: object, _unit: Unit, process: subprocess.Popen[bytes], **_: object
) -> None:
    sys.stdout.write(f"{process.pid}\n")
    sys.stdout.flush()
    _die()


_end = ProcessSupervisor._end


def _end_and_die(*words: Any, **options: Any) -> None:
    _end(*words, **options)
    _die()


def carry_out(order: Order) -> None:
    supervisor = make_supervisor(order.kind, order.state)
    if order.when == "before its record":
        ProcessSupervisor._write = _die_with_its_pid  # type: ignore[assignment,method-assign]
    if order.when in ("at once", "before its record"):
        supervisor.start(order.unit, outlive=order.outlive)
    else:
        start(supervisor, order.unit, outlive=order.outlive)
    if order.when == "when it is frozen":
        supervisor.freeze(order.unit.name)
    if order.when == "before the old one ends":
        ProcessSupervisor._end = lambda *_, **__: _die()  # type: ignore[assignment,method-assign]
    if order.when == "between two processes":
        ProcessSupervisor._end = _end_and_die  # type: ignore[assignment,method-assign]
    if order.when in ("when it is restarted", "before the old one ends", "between two processes"):
        restart(supervisor, order.unit)
    _die()


def in_a_killed_lab(
    kind: str, state: Path, unit: Unit, *, when: When, outlive: bool = False
) -> str:
    """Do it in another process. Returns what that has printed."""
    order = pickle.dumps(Order(kind, state, unit, outlive, when))
    done = subprocess.run(
        [sys.executable, "-m", __name__],
        input=order,
        stdout=subprocess.PIPE,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    return done.stdout.decode()


if __name__ == "__main__":
    carry_out(pickle.load(sys.stdin.buffer))
