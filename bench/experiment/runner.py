"""From a plan to a stored run: every cell of every round, kept as soon as it is finished."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol

from bench.errors import DatabaseFailed, LabError, TargetUnfit, UnitFailed
from bench.experiment.cell import Bench, measure_cell
from bench.experiment.lab import Lab
from bench.experiment.schedule import Visit, visits
from bench.load.generator import Generator
from bench.model import CellResult, Progress, RunRecord, Target
from bench.sampling import Probe, Sampler
from bench.store import RunStore
from bench.supervise.proctree import descendants, tree_cpu_s, tree_memory


class Observer(Protocol):
    """Who is told how a run goes: the live display, the log, or nobody."""

    def run_started(self, record: RunRecord, cells: int, done: int) -> None: ...
    def cell_started(self, visit: Visit, target: Target) -> None: ...
    def progress(self, progress: Progress) -> None: ...
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

        On KeyboardInterrupt and on any LabError the record says so and what is finished is kept;
        the exception goes on to the caller.
        """
        pending = _pending(record)
        done = len(record.cells)
        self.observer.run_started(record, done + len(pending), done)
        cells = list(record.cells)
        with self._recorded(record), self._sampled_generator() as generator:
            bench = Bench(self.lab, record.plan, generator, self.observer.progress)
            for visit in pending:
                cell = self._measure(bench, visit)
                self.store.append_cell(cell)
                cells.append(cell)
        finished = replace(record, state="complete", finished_at=_now(), cells=tuple(cells))
        self.store.write_record(finished)
        self.observer.run_finished(finished)
        return finished

    def _measure(self, bench: Bench, visit: Visit) -> CellResult:
        target = next(one for one in self.lab.targets if one.name == visit.target)
        self.observer.cell_started(visit, target)
        try:
            self._revive(target)
            cell = measure_cell(bench, visit, target)
        except (TargetUnfit, UnitFailed, DatabaseFailed) as error:
            # The target failed, not the lab: that is a result, and the others go on.
            cell = CellResult(
                visit.round,
                target.name,
                visit.workload,
                bench.plan.pacing,
                _now(),
                unfit=str(error),
            )
        self.observer.cell_finished(cell, target)
        return cell

    def _revive(self, target: Target) -> None:
        """Start again what has died since; the cell in which it died has said so."""
        names = self.lab.unit_names(target)
        if any(self.lab.supervisor.status(name).pid is None for name in names):
            self.lab.start((target,), outlive=False)

    @contextmanager
    def _sampled_generator(self) -> Iterator[Generator]:
        with Generator(self.lab.placement.generator) as generator:
            probes = (*self._unit_probes(), _generator_probe(generator))
            with Sampler(probes, self.store.append_samples):
                yield generator

    def _unit_probes(self) -> Iterator[Probe]:
        supervisor = self.lab.supervisor
        for target in self.lab.targets:
            for name in self.lab.unit_names(target):
                yield Probe(
                    unit=name,
                    cpu_s=lambda name=name: supervisor.cpu_s(name),  # type: ignore[misc]
                    pss_bytes=lambda name=name: supervisor.memory(name).pss_bytes,  # type: ignore[misc]
                    # A database is some 25 processes: its PSS costs 25 ms.
                    memory_every=40 if "postgres" in name else 8,
                )

    @contextmanager
    def _recorded(self, record: RunRecord) -> Iterator[None]:
        try:
            yield
        except KeyboardInterrupt:
            self._write_end(record, "interrupted")
            raise
        except LabError:
            self._write_end(record, "failed")
            raise
        finally:
            self._keep_logs()

    def _write_end(self, record: RunRecord, state: str) -> None:
        self.store.write_record(replace(record, state=state, finished_at=_now()))  # type: ignore[arg-type]

    def _keep_logs(self) -> None:
        folder = self.store.directory / "logs"
        folder.mkdir(exist_ok=True)
        for target in self.lab.targets:
            for name in self.lab.unit_names(target):
                log = self.lab.supervisor.log_path(name)
                if log.exists():
                    shutil.copyfile(log, folder / log.name)


def _generator_probe(generator: Generator) -> Probe:
    return Probe(
        unit="generator",
        cpu_s=lambda: tree_cpu_s(descendants(generator.pid)),
        pss_bytes=lambda: tree_memory(generator.pid).pss_bytes,
    )


def _pending(record: RunRecord) -> tuple[Visit, ...]:
    done = {(cell.round, cell.target, cell.workload) for cell in record.cells}
    return tuple(
        visit
        for visit in visits(record.plan)
        if (visit.round, visit.target, visit.workload) not in done
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
