"""What a lab that was killed with -9 leaves behind."""

import os
import signal
from pathlib import Path

import psutil
import pytest

from bench.kernel.life import life_of, lives
from bench.supervise import Supervisor

from .conftest import MakeUnit
from .killed_lab import When, in_a_killed_lab
from .test_supervisor import eventually, listening, start


@pytest.mark.parametrize("outlive", [False, True])
def test_nothing_stays_frozen(
    supervisor: Supervisor, kind: str, state: Path, make_unit: MakeUnit, outlive: bool
) -> None:
    """A frozen unit ends with its lab, or goes on when it was started to stay."""
    unit = make_unit()
    in_a_killed_lab(kind, state, unit, when="when it is frozen", outlive=outlive)
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


def test_what_is_about_to_end_is_thawed(
    supervisor: Supervisor, kind: str, make_unit: MakeUnit
) -> None:
    """A unit's first process was killed while all were frozen, and the supervisor knows it: what
    the others are told, they can do."""
    pid = start(supervisor, make_unit("heir"))
    [heir] = psutil.Process(pid).children()
    eventually(lambda: "the heir is ready" in supervisor.log("onecore-test"))
    supervisor.freeze("onecore-test")
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: supervisor.status("onecore-test").pid is None)
    supervisor.thaw("onecore-test")
    if kind == "process":  # there, nobody has told it yet
        heir.terminate()
    eventually(lambda: "the heir is done" in supervisor.log("onecore-test"))


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
    in_a_killed_lab(kind, state, unit, when="when it answers")
    old = supervisor.status(unit.name).pid
    assert start(supervisor, unit) != old
    supervisor.stop(unit.name)  # while patience is short


@pytest.mark.parametrize("outlive", [False, True])
@pytest.mark.parametrize("when", ["at once", "when it is restarted"])
def test_outlives_a_killed_lab_only_when_asked_to(
    supervisor: Supervisor, kind: str, state: Path, make_unit: MakeUnit, when: When, outlive: bool
) -> None:
    """After kill -9 of the lab nothing is left running but what was started to stay."""
    unit = make_unit()
    in_a_killed_lab(kind, state, unit, when=when, outlive=outlive)
    if outlive:
        eventually(listening(unit.port))
        assert supervisor.status(unit.name).state == "running"
    else:
        eventually(lambda: supervisor.status(unit.name).pid is None)
        assert not listening(unit.port)()
    supervisor.stop(unit.name)
    assert not listening(unit.port)()


@pytest.mark.parametrize("behaviour", ["quiet", "fork"])
@pytest.mark.parametrize("when", ["before the old one ends", "between two processes"])
def test_what_was_started_to_stay_stays_between_two_processes(
    supervisor: Supervisor,
    kind: str,
    state: Path,
    make_unit: MakeUnit,
    when: When,
    behaviour: str,
) -> None:
    """A lab that is killed while it gives a unit new processes leaves one that runs, not none."""
    if kind == "systemd":
        pytest.skip("a restart is systemd's own, and goes on without the lab")
    unit = make_unit(behaviour)
    first = start(supervisor, unit, outlive=True)
    old = life_of(first)
    in_a_killed_lab(kind, state, unit, when=when, outlive=True)
    eventually(lambda: not lives(old))
    eventually(listening(unit.port))
    status = supervisor.status(unit.name)
    assert status.state == "running"
    assert status.pid != first
    assert supervisor.stop(unit.name)
    assert not listening(unit.port)()


@pytest.mark.parametrize("text", ["", '{"pid": 1', '{"pid": 1, "started": 1.5}', "null"])
def test_a_torn_record_hides_no_process(
    supervisor: Supervisor, kind: str, state: Path, make_unit: MakeUnit, text: str
) -> None:
    """Nothing is known of the unit but its name: its processes are found by their mark."""
    if kind == "systemd":
        pytest.skip("systemd keeps the record itself")
    unit = make_unit()
    start(supervisor, unit)
    (record,) = state.glob("run/*.json")
    record.write_text(text)
    assert supervisor.status(unit.name).state == "failed"
    supervisor.stop(unit.name)
    assert not listening(unit.port)()
    assert supervisor.names() == ()


def test_a_unit_without_a_record_does_not_run(
    supervisor: Supervisor, kind: str, state: Path, make_unit: MakeUnit
) -> None:
    """Killed when the process is there and its record is not: no daemon stays that `make down`
    would not know, even if it was to stay."""
    if kind == "systemd":
        pytest.skip("systemd keeps the record itself")
    unit = make_unit()
    pid = int(in_a_killed_lab(kind, state, unit, when="before its record", outlive=True))
    eventually(lambda: not psutil.pid_exists(pid))
    assert not listening(unit.port)()
    assert supervisor.names() == ()
