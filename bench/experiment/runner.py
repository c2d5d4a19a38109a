"""From a plan to a stored run: every cell of every round, kept as soon as it is finished."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal, Protocol

from bench.analysis import diagnostics
from bench.analysis.precision import narrow_enough, not_narrow
from bench.errors import DatabaseFailed, TargetUnfit, UnitFailed
from bench.experiment.cell import Bench, measure_cell
from bench.experiment.engines import engine_for
from bench.experiment.lab import Lab, app_unit_name
from bench.experiment.schedule import Visit, visits, visits_of_round
from bench.load.engine import Engine
from bench.model import (
    CellResult,
    LabWarning,
    Memory,
    Pacing,
    Plan,
    Progress,
    RunRecord,
    Sample,
    Target,
)
from bench.sampling import Probe, Sampler
from bench.store import RunStore, explained
from bench.supervise.proctree import TreeClock, tree_memory

MEMORY_EVERY = 40
"""Readings of the sampler for each of memory: every 10 s."""

DATABASE_MEMORY_EVERY = 240
"""A database is some 25 processes: its PSS costs 25 ms and more."""


class Observer(Protocol):
    """Who is told how a run goes: the live display, the log, or nobody."""

    def run_started(self, record: RunRecord, cells: int, done: int) -> None: ...
    def cell_started(self, visit: Visit, target: Target) -> None: ...
    def progress(self, progress: Progress) -> None: ...
    def sampled(self, samples: tuple[Sample, ...]) -> None:
        """The sampler's latest readings, from its own thread."""
        ...

    def round_added(self, number: int, cells: int) -> None: ...
    def cell_finished(self, cell: CellResult, target: Target) -> None: ...
    def run_finished(self, record: RunRecord, /) -> None: ...


@dataclass(frozen=True)
class Runner:
    """Carries out `record.plan`, or what is left of it."""

    lab: Lab
    store: RunStore
    observer: Observer

    def run(self, record: RunRecord) -> RunRecord:
        """Measure every cell that `record` does not hold yet; the finished record is returned.

        On any exception the record says so and what is finished is kept; the exception goes on to
        the caller.
        """
        done = {(cell.round, cell.target, cell.workload) for cell in record.cells}
        cells = list(record.cells)
        with (
            self._recorded(record, _planned_cells(record.plan)),
            self._instruments(record.plan.pacing) as (engine, sampler),
        ):
            bench = Bench(
                self.lab, record.plan, engine, record.ceiling_per_s, self.observer.progress
            )
            for visit in self._visits(record, cells):
                if (visit.round, visit.target, visit.workload) not in done:
                    if len(cells) > len(record.cells):
                        time.sleep(record.plan.pause_s)
                    measured = cells[len(record.cells) :]
                    cells.append(self._kept(self._measure(bench, visit, measured)))
                    sampler.require_alive()
        whole = replace(record, cells=tuple(cells))
        finished = replace(
            whole,
            state="complete",
            warnings=(*record.warnings, *not_narrow(whole)),
            finished_at=_now(),
            sampler_share=sampler.own_share,
        )
        self.store.write_record(finished)
        self.observer.run_finished(finished)
        return finished

    def _visits(self, record: RunRecord, cells: list[CellResult]) -> Iterator[Visit]:
        """The planned rounds, and then as many as the plan's half width needs."""
        yield from visits(record.plan)
        number = record.plan.rounds
        while number < record.plan.rounds_limit and not narrow_enough(
            replace(record, cells=tuple(cells))
        ):
            number += 1
            self.observer.round_added(number, len(record.plan.targets) * len(record.plan.workloads))
            yield from visits_of_round(record.plan, number)

    def _measure(self, bench: Bench, visit: Visit, before: Sequence[CellResult]) -> CellResult:
        """Measure a cell; `before` are those that were measured since everything was brought up."""
        target = self._target(visit.target)
        self.observer.cell_started(visit, target)
        try:
            revived = self._revive(target)
            if begins_round(visit, before) and app_unit_name(target) not in revived:
                self.lab.isolate(target)
                self.lab.renew(target)
            return with_doubts(measure_cell(bench, visit, target), diagnostics.restarted(revived))
        except (TargetUnfit, UnitFailed, DatabaseFailed) as error:
            # The target failed, not the lab: that is a result, and the others go on.
            return unmeasured(bench, visit, str(error))

    def _kept(self, cell: CellResult) -> CellResult:
        """Stored first, then told: telling may fail as well."""
        self.store.append_cell(cell)
        self.observer.cell_finished(cell, self._target(cell.target))
        return cell

    def _target(self, name: str) -> Target:
        return next(one for one in self.lab.targets if one.name == name)

    def _revive(self, target: Target) -> tuple[str, ...]:
        """Start again what has died since the cell before, if only while it was frozen."""
        status = self.lab.supervisor.status
        ended = tuple(one for one in self.lab.unit_names(target) if status(one).pid is None)
        if ended:
            self.lab.start((target,), outlive=False)
        return ended

    @contextmanager
    def _instruments(self, pacing: Pacing) -> Iterator[tuple[Engine, Sampler]]:
        with engine_for(pacing, self.lab, self.store.directory) as engine:
            probes = (*unit_probes(self.lab), engine_probe(engine))
            with Sampler(probes, self._keep) as sampler:
                yield engine, sampler

    def _keep(self, samples: tuple[Sample, ...]) -> None:
        self.store.append_samples(samples)
        self.observer.sampled(samples)

    @contextmanager
    def _recorded(self, record: RunRecord, expected: int) -> Iterator[None]:
        """Tells that the run of `expected` cells starts, and records how it ends before its time.

        Only kill -9 leaves it `running`.
        """
        try:
            self.observer.run_started(record, expected, len(record.cells))
            yield
        except BaseException as error:
            interrupted = isinstance(error, KeyboardInterrupt)
            self._write_end(record, "interrupted" if interrupted else "failed")
            raise
        finally:
            self._keep_logs()

    def _write_end(self, record: RunRecord, state: Literal["interrupted", "failed"]) -> None:
        self.store.write_record(replace(record, state=state, finished_at=_now()))

    def _keep_logs(self) -> None:
        folder = self.store.directory / "logs"
        with explained(folder):
            folder.mkdir(exist_ok=True)
            for name in self.lab.all_unit_names():
                (folder / f"{name}.log").write_text(self.lab.supervisor.log(name))


def begins_round(visit: Visit, before: Sequence[CellResult]) -> bool:
    """Whether a target's processes have been measured in the round before, and in this not yet."""
    latest = next((cell for cell in reversed(before) if cell.target == visit.target), None)
    return latest is not None and latest.round != visit.round


def unmeasured(bench: Bench, visit: Visit, why: str) -> CellResult:
    """The cell of a visit that came to nothing."""
    return CellResult(
        visit.round, visit.target, visit.workload, bench.plan.pacing, _now(), unfit=why
    )


def with_doubts(cell: CellResult, doubts: tuple[LabWarning, ...]) -> CellResult:
    """The cell with doubts about all of its windows: they stand with the first."""
    if not (doubts and cell.phases):
        return cell
    first, *others = cell.phases
    first = replace(first, warnings=(*first.warnings, *doubts))
    return replace(cell, phases=(first, *others))


def unit_probes(lab: Lab) -> Iterator[Probe]:
    """How the sampler reads every unit of the lab."""
    supervisor = lab.supervisor
    for name in lab.all_unit_names():
        yield Probe(
            unit=name,
            cpu_s=lambda name=name: supervisor.cpu_s(name),  # type: ignore[misc]
            pss_bytes=lambda name=name: _pss_bytes(supervisor.memory(name)),  # type: ignore[misc]
            memory_every=DATABASE_MEMORY_EVERY if "postgres" in name else MEMORY_EVERY,
        )


def _pss_bytes(memory: Memory | None) -> int | None:
    return memory.pss_bytes if memory else None


def engine_probe(engine: Engine) -> Probe:
    """How the sampler reads whoever makes the load."""
    return Probe(
        unit="generator",
        cpu_s=_Cumulated(engine).cpu_s,
        pss_bytes=lambda: _pss_bytes(tree_memory(engine.pid)),
        memory_every=MEMORY_EVERY,
    )


class _Cumulated:
    """The CPU time of an engine that may have another process for each window."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._pid: int | None = None
        self._clock: TreeClock | None = None
        self._before_s = self._latest_s = 0.0

    def cpu_s(self) -> float:
        pid = self._engine.pid
        if self._clock is None or pid != self._pid:
            self._pid, self._clock = pid, TreeClock(pid)
            self._before_s += self._latest_s
        self._latest_s = self._clock.cpu_s()
        return self._before_s + self._latest_s


def _planned_cells(plan: Plan) -> int:
    return plan.rounds * len(plan.targets) * len(plan.workloads)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
