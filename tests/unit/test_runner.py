"""What a run's record says of how it ended, and with which processes a cell is measured."""

import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from bench.errors import SetupError, StoreError, UnitFailed
from bench.experiment import os_errors
from bench.experiment import runner as module
from bench.experiment.lab import Lab
from bench.experiment.runner import Runner
from bench.experiment.schedule import Step
from bench.model import CellResult, ClosedLoop, Diagnostic, RunRecord, Turns, UnitStatus
from bench.store import RunStore

from .factories import cell, plan, record


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (KeyboardInterrupt(), "interrupted"),
        (StoreError("no space left"), "failed"),
        (ZeroDivisionError("a fault of the lab's"), "failed"),
        (SystemExit(1), "failed"),
    ],
)
def test_a_run_that_ends_before_its_time_says_so(
    tmp_path: Path, error: BaseException, state: str
) -> None:
    """No exception leaves a run `running`, whatever it is and however early it comes."""

    def fail(*_: object) -> None:
        raise error

    store = RunStore(tmp_path / "run")
    store.create()
    begun: RunRecord = record(state="running", wall_s=5.0)
    store.write_record(begun)
    lab = SimpleNamespace(targets=(), all_unit_names=lambda: (), clusters=lambda targets: ())
    observer = SimpleNamespace(run_started=fail)
    runner = Runner(lab, store, observer, lambda _: None, 1, None)  # type: ignore[arg-type]
    with pytest.raises(type(error)):
        runner.run(begun)
    ended, _ = store.read()
    assert ended.state == state
    assert ended.finished_at
    assert ended.wall_s is not None
    assert ended.wall_s > 5.0


def test_a_run_of_which_a_part_is_not_known_has_no_length() -> None:
    """Of one that was killed, nobody has noted when."""
    assert module.lasted_s(record(wall_s=None), time.monotonic()) is None


@dataclass
class FakeLab:
    """Two units, of which `ended` have died; what the runner does with them is in `done`."""

    ended: set[str] = field(default_factory=set)
    done: list[str] = field(default_factory=list)
    targets = (SimpleNamespace(name="flask"),)
    site = SimpleNamespace(state=Path("/"))

    @property
    def supervisor(self) -> SimpleNamespace:
        def status(name: str) -> UnitStatus:
            return UnitStatus("running", None if name in self.ended else 7)

        return SimpleNamespace(status=status)

    def unit_names(self, _target: object) -> tuple[str, str]:
        return "onecore-flask", "onecore-postgres-flask"

    def start(self, _targets: object, *, outlive: bool) -> None:
        assert not outlive
        self.ended.clear()
        self.done.append("start")

    revive = Lab.revive

    def isolate(self, _target: object) -> None:
        self.done.append("isolate")

    def restart(self, _target: object) -> None:
        self.done.append("restart")

    def await_app(self, _target: object) -> None:
        self.done.append("await")


BENCH = SimpleNamespace(plan=plan())


@pytest.fixture
def lab() -> FakeLab:
    return FakeLab()


@pytest.fixture
def runner(lab: FakeLab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runner:
    monkeypatch.setattr(module, "measure_cell", lambda *_: cell(2, "flask"))
    observer = SimpleNamespace(step_started=lambda *_: None)
    return Runner(lab, RunStore(tmp_path), observer, lambda _: None, 1, None)  # type: ignore[arg-type]


def measured(runner: Runner, number: int, *before: CellResult) -> list[Diagnostic]:
    """Measure a cell of this round; returns its doubts."""
    step = Step(number, "read", ("flask",), ClosedLoop(20), 1.0)
    (found,) = runner._measure(BENCH, step, before)  # type: ignore[arg-type]
    return list(found.phases[0].diagnostics)


def test_a_unit_that_ended_between_two_cells_is_told_in_the_next(
    runner: Runner, lab: FakeLab
) -> None:
    """It is started again; the cell that finds a fresh process says so, the one after does not."""
    lab.ended.add("onecore-flask")
    (told,) = measured(runner, 2)
    assert told.code == "restarted"
    assert "onecore-flask had ended" in told.message
    assert measured(runner, 2) == []


def test_each_round_of_a_target_begins_with_new_processes(runner: Runner, lab: FakeLab) -> None:
    """The first one with those that were brought up for it, whatever has been measured since."""
    measured(runner, 1)
    measured(runner, 1, cell(1, "flask"), cell(1, "drf"))
    measured(runner, 2, cell(1, "drf"))
    assert lab.done == []
    measured(runner, 2, cell(1, "flask"), cell(2, "drf"))
    assert lab.done == ["isolate", "restart", "await"]
    measured(runner, 2, cell(1, "flask"), cell(2, "flask"))
    assert lab.done == ["isolate", "restart", "await"]


@dataclass
class FakeLabOfTwo(FakeLab):
    """Two targets; the first one does not come up again."""

    targets = (SimpleNamespace(name="flask"), SimpleNamespace(name="drf"))

    def thaw_all(self) -> None: ...

    def restart(self, target: object) -> None:
        self.done.append(f"restart {target.name}")  # type: ignore[attr-defined]

    def await_app(self, target: object) -> None:
        self.done.append(f"await {target.name}")  # type: ignore[attr-defined]
        if target.name == "flask":  # type: ignore[attr-defined]
            raise UnitFailed("it ended while starting")


def test_targets_that_take_turns_are_restarted_at_the_same_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All begin before any is waited for; who does not come up leaves the others theirs."""
    lab = FakeLabOfTwo()
    monkeypatch.setattr(
        module, "measure_turns", lambda _bench, _step, fit: [cell(2, target.name) for target in fit]
    )
    observer = SimpleNamespace(step_started=lambda *_: None)
    runner = Runner(lab, RunStore(tmp_path), observer, lambda _: None, 2, None)  # type: ignore[arg-type]
    pacing = ClosedLoop(20)
    step = Step(2, "read", ("flask", "drf"), pacing, 1.0, Turns(0.1, 0.025))
    bench = SimpleNamespace(plan=SimpleNamespace(pacing=pacing))
    before = [cell(1, "flask"), cell(1, "drf")]
    failed, measured = runner._measure(bench, step, before)  # type: ignore[arg-type]
    assert lab.done == ["restart flask", "restart drf", "await flask", "await drf"]
    assert (failed.target, failed.unfit) == ("flask", "it ended while starting")
    assert (measured.target, measured.unfit) == ("drf", "")
    # For want of space everything fails: no target is told of, and the run can go on.
    monkeypatch.setattr(os_errors, "LEAST_FREE_BYTES", 1 << 62)
    with pytest.raises(SetupError, match="MB left: it ended while starting"):
        runner._measure(bench, step, before)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("ended", "done"),
    [
        ("onecore-flask", ["start"]),
        ("onecore-postgres-flask", ["start", "isolate", "restart", "await"]),
    ],
)
def test_an_app_that_has_just_been_started_again_is_new_already(
    runner: Runner, lab: FakeLab, ended: str, done: list[str]
) -> None:
    """A database that was started again leaves its app as it was."""
    lab.ended.add(ended)
    measured(runner, 2, cell(1, "flask"))
    assert lab.done == done


def test_the_samplers_share_is_that_of_all_sittings() -> None:
    """Weighed by how long each lasted; of a run that was killed only the last is known."""
    began_s = time.monotonic() - 10
    before = record(state="interrupted", wall_s=30.0, sampler_share=0.02)
    assert module.sampled_share(before, 0.01, began_s) == pytest.approx(0.0175, rel=1e-3)
    unknown = replace(before, wall_s=None)
    assert module.sampled_share(unknown, 0.01, began_s) == 0.01


def test_what_was_removed_from_disk_meanwhile_is_written_again(tmp_path: Path) -> None:
    """A run that has measured a cell has it when it ends, whoever has tidied up in between."""
    store = RunStore(tmp_path / "run")
    store.create()
    begun = record(state="running", plan=plan(targets=("flask", "drf"), rounds=1))
    store.write_record(begun)
    cells = (cell(1, "flask"), cell(1, "drf"))
    store.append_cells(cells)
    runner = Runner(None, store, None, None, 2, None)  # type: ignore[arg-type]
    runner._restore(begun, cells)
    assert len(store.rounds.read_text().splitlines()) == 2
    store.rounds.unlink()
    store.append_cells(cells[1:])
    runner._restore(begun, cells)
    assert {result.target for result in store.read_cells(begun.plan)} == {"flask", "drf"}
