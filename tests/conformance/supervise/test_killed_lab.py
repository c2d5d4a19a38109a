"""What a lab that was killed with -9 leaves behind."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from bench.model import Unit
from bench.supervise import Supervisor

from .conftest import MakeUnit, make_supervisor
from .test_supervisor import eventually, listening, start


def in_a_killed_lab(work: Callable[[], object]) -> None:
    """Do `work` in a process that ends with kill -9 right after it."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
        finally:
            os.kill(os.getpid(), signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL


def start_and_freeze(supervisor: Supervisor, unit: Unit, *, outlive: bool) -> None:
    start(supervisor, unit, outlive=outlive)
    supervisor.freeze(unit.name)


@pytest.mark.parametrize("outlive", [False, True])
def test_nothing_stays_frozen(
    supervisor: Supervisor, kind: str, state: Path, make_unit: MakeUnit, outlive: bool
) -> None:
    """A frozen unit ends with its lab, or goes on when it was started to stay."""
    unit = make_unit()
    in_a_killed_lab(lambda: start_and_freeze(make_supervisor(kind, state), unit, outlive=outlive))
    wanted = "running" if outlive else "failed"
    eventually(lambda: supervisor.status(unit.name).state == wanted)
    assert listening(unit.port)() is outlive


def test_orphans_of_a_frozen_unit_are_thawed(
    supervisor: Supervisor, kind: str, make_unit: MakeUnit
) -> None:
    """What a unit has started can go on, or end, when the unit itself was killed while frozen."""
    pid = start(supervisor, make_unit("children"))
    [child] = psutil.Process(pid).children()
    supervisor.freeze("onecore-test")
    if kind == "process":  # a frozen cgroup's processes do not look stopped
        eventually(lambda: child.status() == psutil.STATUS_STOPPED)
    os.kill(pid, signal.SIGKILL)
    supervisor.thaw("onecore-test")
    if kind == "systemd":  # it leaves no orphans
        eventually(lambda: not child.is_running())
        return
    try:
        eventually(lambda: child.status() != psutil.STATUS_STOPPED)
    finally:
        child.kill()


def test_a_unit_that_ends_with_its_lab_is_not_taken_for_a_running_one(
    supervisor: Supervisor,
    kind: str,
    state: Path,
    make_unit: MakeUnit,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The next lab starts a unit of its own, though the old one takes its time to end."""
    monkeypatch.setattr("bench.supervise.process.STOP_PATIENCE_S", 0.5)
    unit = make_unit("deaf")
    in_a_killed_lab(lambda: start(make_supervisor(kind, state), unit))
    old = supervisor.status(unit.name).pid
    assert start(supervisor, unit) != old
    supervisor.stop(unit.name)  # while patience is short
