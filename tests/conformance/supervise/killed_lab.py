"""A lab that starts a unit and ends with kill -9."""

import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from bench.model import Unit
from bench.supervise.process import ProcessSupervisor
from tests.forked import FORKED

from .conftest import make_supervisor
from .test_supervisor import restart, start

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
    """The lab is killed when its `unit` has come as far as `when`.

    Before its record it writes the unit's pid into `told`.
    """

    kind: str
    state: Path
    unit: Unit
    outlive: bool
    when: When

    @property
    def told(self) -> Path:
        return self.state / "told"


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


_end = ProcessSupervisor._end


def _end_and_die(*words: Any, **options: Any) -> None:
    _end(*words, **options)
    _die()


def carry_out(order: Order) -> None:
    def die_with_its_pid(
        _self: object, _unit: Unit, process: subprocess.Popen[bytes], **_: object
    ) -> None:
        order.told.write_text(str(process.pid))
        _die()

    supervisor = make_supervisor(order.kind, order.state)
    if order.when == "before its record":
        ProcessSupervisor._write = die_with_its_pid  # type: ignore[assignment,method-assign]
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
    """Do it in another process. Returns what that has told."""
    order = Order(kind, state, unit, outlive, when)
    process = FORKED.Process(target=carry_out, args=(order,))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    return order.told.read_text() if order.told.exists() else ""
