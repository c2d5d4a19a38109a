"""What a run's record says of how it ended."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from bench.errors import StoreError
from bench.experiment import runner as module
from bench.experiment.runner import Runner
from bench.experiment.schedule import Visit
from bench.experiment.study import StudyRunner
from bench.model import RunRecord, UnitStatus
from bench.store import RunStore

from .factories import cell, record


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (KeyboardInterrupt(), "interrupted"),
        (StoreError("no space left"), "failed"),
        (ZeroDivisionError("a fault of the lab's"), "failed"),
        (SystemExit(1), "failed"),
    ],
)
@pytest.mark.parametrize("study", [False, True])
def test_a_run_that_ends_before_its_time_says_so(
    tmp_path: Path, error: BaseException, state: str, *, study: bool
) -> None:
    """No exception leaves a run `running`, whatever it is and however early it comes."""

    def fail(*_: object) -> None:
        raise error

    store = RunStore(tmp_path / "run")
    store.create()
    begun: RunRecord = record(state="running")
    store.write_record(begun)
    lab, observer = SimpleNamespace(targets=()), SimpleNamespace(run_started=fail)
    runner = (
        StudyRunner(lab, store, observer, lambda _: None, 1)  # type: ignore[arg-type]
        if study
        else Runner(lab, store, observer)  # type: ignore[arg-type]
    )
    with pytest.raises(type(error)):
        runner.run(begun)
    ended, _ = store.read()
    assert ended.state == state
    assert ended.finished_at


def test_a_unit_that_ended_between_two_cells_is_told_in_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is started again; the cell that finds a fresh process says so, the one after does not."""
    target = SimpleNamespace(name="flask")
    running = {"onecore-flask": None, "onecore-postgres-flask": 7}
    lab = SimpleNamespace(
        targets=(target,),
        unit_names=lambda _target: tuple(running),
        supervisor=SimpleNamespace(status=lambda name: UnitStatus("running", running[name])),
        start=lambda _targets, outlive: running.update({"onecore-flask": 8}),
    )
    monkeypatch.setattr(module, "measure_cell", lambda *_: cell(2, "flask"))
    observer = SimpleNamespace(cell_started=lambda *_: None)
    runner = Runner(lab, RunStore(tmp_path), observer)  # type: ignore[arg-type]
    visit = Visit(2, "flask", "read")
    told = [runner._measure(None, visit).phases[0].warnings for _ in range(2)]  # type: ignore[arg-type]
    assert [[one.code for one in each] for each in told] == [["restarted"], []]
    assert "onecore-flask had ended" in told[0][0].message
