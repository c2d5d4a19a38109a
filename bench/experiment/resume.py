"""Going on with a run that was cut short, whatever kind of run it is."""

from bench.experiment import crosscheck, saturate, session, study, sweep
from bench.experiment.assembly import site
from bench.experiment.session import Watcher
from bench.model import Crosscheck, RunRecord, Saturation, Sweep
from bench.store import find_run


def resume(run_id: str, watcher: Watcher, *, strict: bool = False) -> RunRecord:
    """Measure what an interrupted run has not measured yet.

    Raises UsageError when the run is complete, StoreError when it cannot be read.
    """
    store = find_run(site().results, run_id)
    record, _torn = store.read()
    plan = record.plan
    match plan.study:
        case Sweep() as asked:
            step, expected = sweep.next_of(plan, asked), sweep.expected_cells(plan, asked)
        case Saturation() as asked:
            step, expected = saturate.next_of(plan, asked), saturate.expected_cells(plan)
        case Crosscheck():
            step, expected = crosscheck.next_of(plan), crosscheck.expected_cells(plan)
        case None:
            return session.resume(run_id, watcher, strict=strict)
    return study.go_on(store, watcher, step, expected=expected, strict=strict)
