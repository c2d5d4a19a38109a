"""From a plan to a stored run: every cell of every round, kept as soon as it is finished."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Literal, Protocol, cast

from bench.analysis import diagnostics
from bench.analysis.completeness import cell_key
from bench.analysis.expected_precision import spread_of
from bench.analysis.precision import not_narrow
from bench.analysis.series import measured_s
from bench.analysis.studies.saturation import REFUSED
from bench.errors import GeneratorFailed, LabError, RateRefused, StoreError
from bench.experiment.cell import Bench, measure_cell, utc_now
from bench.experiment.elsewhere import measure_elsewhere
from bench.experiment.engines import Engines
from bench.experiment.interruption import undisturbed
from bench.experiment.lab import Lab, app_unit_name
from bench.experiment.os_errors import require_space
from bench.experiment.probes import engine_probe, unit_probes
from bench.experiment.procedures import procedure_of
from bench.experiment.scenario import measure_scenario
from bench.experiment.schedule import NextStep, Step
from bench.experiment.turns import TARGET_FAILED, measure_turns
from bench.files import write_whole
from bench.load.engine import Engine
from bench.model import (
    CellResult,
    Diagnostic,
    Progress,
    RunRecord,
    Sample,
    Target,
)
from bench.sampling import Sampler
from bench.store import RunStore, explained
from bench.workloads import WORKLOADS


class Observer(Protocol):
    """Who is told how a run goes: the live display, the log, or nobody."""

    def run_started(self, record: RunRecord, cells: int, done: int) -> None:
        """A run begins, or goes on: `cells` are there in all, `done` of them measured before."""
        ...

    def step_started(self, step: Step, targets: tuple[Target, ...]) -> None:
        """A step begins: one target's window, or the turns of several."""
        ...

    def progress(self, progress: Progress) -> None:
        """How the window in hand goes, twice a second."""
        ...

    def sampled(self, samples: tuple[Sample, ...]) -> None:
        """The sampler's latest readings, from its own thread."""
        ...

    def round_added(self, number: int, cells: int, why: str) -> None:
        """A round of so many cells more, and why, as far as that is known."""
        ...

    def cell_finished(self, cell: CellResult, target: Target) -> None:
        """A cell is measured, or its target unfit. It is stored already."""
        ...

    def run_finished(self, record: RunRecord, /) -> None:
        """The last cell is stored, and the record is what will stay."""
        ...


@dataclass(frozen=True)
class Runner:
    """Carries out a run, or what is left of it: one step after the other, as `next_step` says.

    `expected` is the number of cells in all, as far as it is known. The `engines` are closed when
    the last cell is measured, and before it is recorded how a run has ended before its time.
    """

    lab: Lab
    store: RunStore
    observer: Observer
    next_step: NextStep
    expected: int
    engines: Engines

    def run(self, record: RunRecord) -> RunRecord:
        """Measure until there is no next step; the finished record is returned.

        On any exception the record says so and what is finished is kept; the exception goes on to
        the caller.
        """
        cells = list(record.cells)
        began_s = time.monotonic()
        with (
            self._recorded(record, began_s, cells) as watched,
            closing(self.engines),
            Sampler((*unit_probes(self.lab), engine_probe(self.engines)), self._keep) as sampler,
        ):
            watched.append(sampler)
            bench: Bench | None = None
            while (step := self.next_step(cells)) is not None:
                self._tell_of_added_round(record, step, cells)
                measured = cells[len(record.cells) :]
                if measured:
                    time.sleep(record.plan.pause_s)
                engine = self.engines.engine_for(step.pacing, new=step.new_engine)
                bench = self._bench(record, step, engine, bench)
                cells += self._kept(self._measure(bench, step, measured))
                sampler.require_alive()
        self._restore(record, cells)
        whole = replace(record, cells=tuple(cells))
        finished = replace(
            whole,
            state="complete",
            diagnostics=(*record.diagnostics, *not_narrow(whole)),
            finished_at=utc_now(),
            sampler_share=sampled_share(record, sampler.own_share, began_s),
            wall_s=lasted_s(record, began_s),
            measured_s=measured_s(cells),
            spread=spread_of(whole),
        )
        self.store.write_record(finished)
        self.observer.run_finished(finished)
        return finished

    def _tell_of_added_round(
        self, record: RunRecord, step: Step, cells: Sequence[CellResult]
    ) -> None:
        plan = record.plan
        has_begun = any(cell.round == step.round for cell in cells)
        if plan.rounds < step.round <= plan.rounds_limit and not has_begun:
            why = procedure_of(plan).why_more(replace(record, cells=tuple(cells)))
            self.observer.round_added(step.round, len(plan.targets) * len(plan.workloads), why)

    def _bench(self, record: RunRecord, step: Step, engine: Engine, before: Bench | None) -> Bench:
        """What this step is measured with; what has been learned of the machine is kept."""
        plan = replace(record.plan, pacing=step.pacing, window_s=step.window_s, turns=step.turns)
        if before is not None:
            return replace(before, plan=plan, engine=engine)
        return Bench(
            self.lab,
            plan,
            engine,
            record.ceiling_per_s,
            self.observer.progress,
            described=described_in(record),
        )

    def _measure(
        self, bench: Bench, step: Step, before: Sequence[CellResult]
    ) -> tuple[CellResult, ...]:
        """Measure a step's cells; `before` are those measured since everything was brought up.

        Raises SetupError when a target failed for want of space.
        """
        targets = tuple(self._target(name) for name in dict.fromkeys(step.targets))
        self.observer.step_started(step, targets)
        revived, unfit = self._made_ready(step, targets, before)
        fit = step.only([cell for cell in step.cells if cell[0] not in unfit])
        measured = {(cell.target, cell.workload): cell for cell in self._measured(bench, fit)}
        cells = tuple(
            unmeasured(bench, step, cell, unfit[cell[0]].message, unfit[cell[0]].remedy)
            if cell[0] in unfit
            else with_diagnostics(measured[cell], diagnostics.restarted(revived[cell[0]]))
            for cell in step.cells
        )
        for cell in cells:
            if cell.unfit:
                require_space(self.lab.site.state, cell.unfit)
        return cells

    def _made_ready(
        self, step: Step, targets: Sequence[Target], before: Sequence[CellResult]
    ) -> tuple[Mapping[str, tuple[str, ...]], Mapping[str, LabError]]:
        """Give targets new processes where a round begins for them: all begin at the same time.

        Returns, by target, which of its units had died, and why it cannot be measured.
        """
        revived: dict[str, tuple[str, ...]] = {}
        to_await: list[Target] = []
        failures: dict[str, LabError] = {}

        @contextmanager
        def told(target: Target) -> Iterator[None]:
            try:
                yield
            except TARGET_FAILED as error:
                failures[target.name] = error

        for target in targets:
            with told(target):
                revived[target.name] = self.lab.revive(target)
                if self._restart(step, target, before, revived[target.name]):
                    to_await.append(target)
        for target in to_await:
            with told(target):
                self.lab.await_app(target)
        return revived, failures

    def _restart(
        self, step: Step, target: Target, before: Sequence[CellResult], revived: Sequence[str]
    ) -> bool:
        """Whether a round begins for a target, which gets new processes then. They are not waited
        for. Raises UnitFailed.
        """
        if not begins_round(step, target.name, before) or app_unit_name(target) in revived:
            return False
        if step.turns is None:
            self.lab.isolate(target)
        else:
            self.lab.thaw_all()
        self.lab.restart(target)
        return True

    def _measured(self, bench: Bench, step: Step) -> Sequence[CellResult]:
        targets = tuple(self._target(name) for name in dict.fromkeys(step.targets))
        if step.turns is not None:
            measure = measure_scenario if WORKLOADS[step.workload].is_scenario else measure_turns
            return measure(bench, step, targets) if targets else ()
        return [self._measured_alone(bench, step, target) for target in targets]

    def _measured_alone(self, bench: Bench, step: Step, target: Target) -> CellResult:
        cell = target.name, step.workload
        measure = measure_elsewhere if bench.plan.target_host else measure_cell
        try:
            return measure(bench, step, target)
        except TARGET_FAILED as error:
            return unmeasured(bench, step, cell, error.message, error.remedy)
        except RateRefused as error:
            if not bench.plan.design.chooses_load:
                raise
            # It cannot keep this rate: that says nothing of the target, and a lower one may do.
            why = f"{REFUSED}: {error.message}"
            return replace(unmeasured(bench, step, cell, why), refused=True)

    def _kept(self, cells: Sequence[CellResult]) -> Sequence[CellResult]:
        """Stored first, then told: telling may fail as well."""
        self.store.append_cells(cells)
        for cell in cells:
            self.observer.cell_finished(cell, self._target(cell.target))
        return cells

    def _target(self, name: str) -> Target:
        return next(target for target in self.lab.targets if target.name == name)

    def _keep(self, samples: tuple[Sample, ...]) -> None:
        self.store.append_samples(samples)
        self.observer.sampled(samples)

    @contextmanager
    def _recorded(
        self, record: RunRecord, began_s: float, cells: Sequence[CellResult]
    ) -> Iterator[list[Sampler]]:
        """Tells that the run starts, and records how it ends before its time.

        Only kill -9 leaves it `running`. Whoever samples it is put into the list that is given.
        """
        watched: list[Sampler] = []
        try:
            self.observer.run_started(record, self.expected, len(record.cells))
            yield watched
        except BaseException as error:
            interrupted = isinstance(error, KeyboardInterrupt)
            ended = replace(record, wall_s=lasted_s(record, began_s))
            for sampler in watched:
                share = sampled_share(record, sampler.own_share, began_s)
                ended = replace(ended, sampler_share=share)
            if isinstance(error, GeneratorFailed) and not error.remedy:
                error.remedy = "See whether memory ran out (dmesg) or somebody ended it."
            with undisturbed():
                with suppress(StoreError):  # what has ended the run is what is told
                    self._restore(record, cells)
                self._write_end(ended, "interrupted" if interrupted else "failed")
            raise
        finally:
            self._keep_logs()

    def _write_end(self, record: RunRecord, state: Literal["interrupted", "failed"]) -> None:
        self.store.write_record(replace(record, state=state, finished_at=utc_now()))

    def _restore(self, record: RunRecord, cells: Sequence[CellResult]) -> None:
        """Write again what was measured and is not on disk any more: somebody may have removed or
        truncated the file meanwhile. Raises StoreError where that cannot be.
        """
        there = set(map(cell_key, self.store.read_cells(record.plan)))
        if gone := [cell for cell in cells if cell_key(cell) not in there]:
            self.store.append_cells(gone)

    def _keep_logs(self) -> None:
        folder = self.store.directory / "logs"
        with explained(folder):
            folder.mkdir(exist_ok=True)
            for name in self.lab.all_unit_names():
                write_whole(folder / f"{name}.log", self.lab.supervisor.log(name))


def begins_round(step: Step, target: str, before: Sequence[CellResult]) -> bool:
    """Whether a target's processes have been measured in the round before, and in this not yet."""
    latest = next((cell for cell in reversed(before) if cell.target == target), None)
    return latest is not None and latest.round != step.round


def described_in(record: RunRecord) -> Mapping[str, Mapping[str, str]]:
    """Each target's database as provenance has it."""
    tables, settings = (
        cast("Mapping[str, Mapping[str, str]]", record.provenance.get(name, {}))
        for name in ("tables", "databases")
    )
    return {name: {**table, **settings.get(name, {})} for name, table in tables.items()}


def sampled_share(record: RunRecord, now_share: float, began_s: float) -> float:
    """The sampler's share over all the times that a run was under way, as far as they are known."""
    if record.sampler_share is None or not record.wall_s:
        return now_share
    now_s = time.monotonic() - began_s
    both = record.sampler_share * record.wall_s + now_share * now_s
    return both / (record.wall_s + now_s)


def lasted_s(record: RunRecord, began_s: float) -> float | None:
    """How long the run has taken, of which this part began then; None where that is not known."""
    return None if record.wall_s is None else record.wall_s + time.monotonic() - began_s


def unmeasured(
    bench: Bench, step: Step, cell: tuple[str, str], why: str, remedy: str = ""
) -> CellResult:
    """The (target, workload) of a step that came to nothing."""
    return CellResult(
        round=step.round,
        target=cell[0],
        workload=cell[1],
        pacing=bench.plan.pacing,
        started_at=utc_now(),
        unfit=why,
        remedy=remedy,
        ladder=step.ladder,
    )


def with_diagnostics(cell: CellResult, found: tuple[Diagnostic, ...]) -> CellResult:
    """The cell with what is said of all of its windows: it stands with the first."""
    if not (found and cell.phases):
        return cell
    first, *others = cell.phases
    first = replace(first, diagnostics=(*first.diagnostics, *found))
    return replace(cell, phases=(first, *others))
