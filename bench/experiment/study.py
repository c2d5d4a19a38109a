"""Runs in which each cell has a pacing of its own: what comes next follows from what was found.

A study is a pure function from the finished cells to the next step. So its order can be tested
without a clock, and a study that was cut short goes on from the cells that are stored.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from bench.analysis.studies.saturation import REFUSED
from bench.errors import RateRefused, UsageError
from bench.experiment.cell import Bench
from bench.experiment.runner import Runner, unmeasured
from bench.experiment.schedule import Visit
from bench.experiment.session import Watcher, begun, taken_up
from bench.load.engine import Engine
from bench.model import CellResult, Pacing, Plan, RunRecord, Study
from bench.store import RunStore
from bench.workloads import Workload


@dataclass(frozen=True)
class Step:
    """One cell of a study, and how it is loaded."""

    visit: Visit
    pacing: Pacing
    window_s: float


NextStep = Callable[[Sequence[CellResult]], Step | None]
"""What to measure next, given all finished cells; None when the study is over."""


@dataclass(frozen=True)
class StudyRunner(Runner):
    """Measures one step after the other. `expected` is the number of cells, where it is known."""

    next_step: NextStep
    expected: int

    def run(self, record: RunRecord) -> RunRecord:
        """Measure until there is no next step; the finished record is returned.

        On any exception the record says so and what is finished is kept; the exception goes on to
        the caller.
        """
        cells = list(record.cells)
        bench: Bench | None = None
        sampler_share = record.sampler_share
        with self._recorded(record, self.expected):
            while (step := self.next_step(cells)) is not None:
                # An engine for each step: the connections that an overload leaves open would
                # hold the server's places, and the next step would find it full.
                with self._instruments(step.pacing) as (engine, sampler):
                    bench = self._bench(record, step, engine, bench)
                    cell = self._measure(bench, step.visit, cells[len(record.cells) :])
                cells.append(self._kept(cell))
                sampler_share = sampler.own_share
        finished = replace(
            record,
            state="complete",
            finished_at=_now(),
            sampler_share=sampler_share,
            cells=tuple(cells),
        )
        self.store.write_record(finished)
        self.observer.run_finished(finished)
        return finished

    def _bench(self, record: RunRecord, step: Step, engine: Engine, before: Bench | None) -> Bench:
        """What this step is measured with; what has been learned of the machine is kept."""
        plan = replace(record.plan, pacing=step.pacing, window_s=step.window_s)
        if before is not None:
            return replace(before, plan=plan, engine=engine)
        return Bench(self.lab, plan, engine, record.ceiling_per_s, self.observer.progress)

    def _measure(self, bench: Bench, visit: Visit, before: Sequence[CellResult]) -> CellResult:
        try:
            return super()._measure(bench, visit, before)
        except RateRefused as error:
            # It cannot keep this rate: that says nothing of the target, and a lower one may do.
            return unmeasured(bench, visit, f"{REFUSED}: {error.message}")


def carry_out(
    plan: Plan,
    study: Study,
    watcher: Watcher,
    next_step: NextStep,
    *,
    expected: int,
    strict: bool = False,
) -> RunRecord:
    """Carry out a study from the start and return the finished record.

    `strict` raises SetupError on a machine that is unfit.
    """
    with begun(replace(plan, study=study), watcher, strict=strict) as (lab, store, record):
        observer = watcher.observer(store)
        return StudyRunner(lab, store, observer, next_step, expected).run(record)


def go_on(
    store: RunStore,
    watcher: Watcher,
    next_step: NextStep,
    *,
    expected: int,
    strict: bool = False,
) -> RunRecord:
    """Measure what a study that was cut short has not measured yet.

    Raises UsageError when it is complete or was begun with other code or on another machine,
    StoreError when it cannot be read.
    """
    with taken_up(store, watcher, strict=strict) as (lab, record):
        observer = watcher.observer(store)
        return StudyRunner(lab, store, observer, next_step, expected).run(record)


def require_one_window(workload: Workload) -> None:
    """Raises UsageError for a scenario of several phases: a study needs one figure per cell."""
    phases = workload.phases(1, 2)
    if len(phases) > 1 or phases[0].counted:
        raise UsageError(
            f"the workload {workload.name} is a scenario of several phases",
            "Choose one operation, e.g. WORKLOAD=read, or WORKLOAD=mixed.",
        )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
