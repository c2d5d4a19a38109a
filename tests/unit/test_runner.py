"""What a run's record says of how it ended."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from bench.errors import StoreError
from bench.experiment.runner import Runner
from bench.experiment.study import StudyRunner
from bench.model import RunRecord
from bench.store import RunStore

from .factories import record


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
