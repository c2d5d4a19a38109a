"""A whole measurement: bring up, run the plan, put everything back as it was."""

import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from bench import preflight
from bench.analysis import diagnostics
from bench.analysis.expected_precision import promise
from bench.errors import StoreError
from bench.experiment.assembly import site
from bench.experiment.ceiling import require_keepable, sending_ceiling
from bench.experiment.cell import utc_now
from bench.experiment.engines import Engines, with_workers
from bench.experiment.lab import Lab
from bench.experiment.openfiles import require_files, require_queue
from bench.experiment.plan import DEFAULT_CONCURRENCY
from bench.experiment.procedures import procedure_of
from bench.experiment.provenance import new_record, overrides
from bench.experiment.resumption import require_same_conditions, unfinished
from bench.experiment.runner import Runner
from bench.experiment.setup import Watcher, lab_of, made_ready
from bench.model import ClosedLoop, Operation, Plan, RunRecord
from bench.store import RunStore, find_run, new_run_id, stored_runs

LOOKED_THROUGH = 50
"""Stored runs, for what this one may promise: each takes some milliseconds before it can begin."""


def measure(
    plan: Plan,
    watcher: Watcher,
    *,
    strict: bool = False,
    lab: Lab | None = None,
    told: Mapping[str, object] | None = None,
) -> RunRecord:
    """Carry out a plan from the start and return the finished record.

    It is measured in the ordinary lab, or in `lab`; `told` is for its provenance. `strict` raises
    SetupError on a machine that is unfit.
    """
    with _started(plan, watcher, strict=strict, lab=lab, told=told or {}) as started:
        return _carried_out(started, watcher)


def resume(run_id: str, watcher: Watcher, *, strict: bool = False) -> RunRecord:
    """Measure what an interrupted run has not measured yet, whatever kind of run it is.

    Raises UsageError when the run is complete or was begun with other code or on another machine,
    StoreError when it cannot be read.
    """
    store = find_run(site().results, run_id)
    with _resumed(store, watcher, strict=strict) as started:
        return _carried_out(started, watcher)


@dataclass(frozen=True)
class _Started:
    """A run that is stored, as it begins or goes on, with everything up for it."""

    lab: Lab
    store: RunStore
    record: RunRecord
    engines: Engines


def _carried_out(started: _Started, watcher: Watcher) -> RunRecord:
    """The finished run, with what was seen inside its services where it looks into them."""
    lab, store, record, engines = started.lab, started.store, started.record, started.engines
    procedure = procedure_of(record.plan)
    expected, next_step = procedure.expected_cells(record.plan), procedure.next_of(record)
    runner = Runner(lab, store, watcher.observer(store), next_step, expected, engines)
    finished = runner.run(record)
    findings = []
    for found in procedure.look_inside(lab, finished, engines, store.directory):
        findings.append(found)
        store.write_findings(findings)
    return finished


@contextmanager
def _started(
    plan: Plan, watcher: Watcher, *, strict: bool, lab: Lab | None, told: Mapping[str, object]
) -> Iterator[_Started]:
    """A new run. Raises UsageError when the generator cannot keep the plan's rate; then there is
    none.
    """
    lab = with_workers(lab or lab_of(plan), plan.pacing)
    began_s = time.monotonic()
    with made_ready(plan, lab, watcher, strict=strict) as checks:
        require_files(lab, plan)
        require_queue(plan)
        store = RunStore(lab.site.results / new_run_id(lab.site.results))
        found = (*preflight.diagnostics(checks), *diagnostics.overridden(overrides(lab)))
        with closing(Engines(lab, store.directory)) as engines:
            record = new_record(lab, plan, store)
            record = replace(
                record,
                diagnostics=found,
                provenance={**record.provenance, **told},
                ceiling_per_s=_ceiling_per_s(lab, plan, engines),
            )
            # Only now: what was refused leaves no folder behind.
            store.create()
            expected = promise(record, earlier_runs(lab.site.results))
            record = replace(record, promise=expected, wall_s=time.monotonic() - began_s)
            try:
                store.write_record(record)
            except StoreError:
                store.discard()
                raise
            yield _Started(lab, store, record, engines)


def _ceiling_per_s(lab: Lab, plan: Plan, engines: Engines) -> Mapping[Operation, float]:
    """What the lab's own generator can send, by operation; of Locust's users that is not asked.

    Raises UsageError when the plan's rate is above it.
    """
    if not plan.pacing.is_the_labs:
        return {}
    generator = engines.engine_for(ClosedLoop(DEFAULT_CONCURRENCY))
    ceiling_per_s = sending_ceiling(lab, plan, generator)
    require_keepable(plan, ceiling_per_s)
    return ceiling_per_s


@contextmanager
def _resumed(store: RunStore, watcher: Watcher, *, strict: bool) -> Iterator[_Started]:
    """The stored run as it goes on.

    A run has one provenance: raises UsageError when it was begun with anything else.
    """
    began_s = time.monotonic()
    plan = unfinished(store)[0].plan
    lab = with_workers(lab_of(plan), plan.pacing)
    with made_ready(plan, lab, watcher, strict=strict) as checks:
        require_files(lab, plan)
        require_queue(plan)
        # Read again, where nobody else can measure any more.
        record, torn = unfinished(store)
        otherwise = require_same_conditions(record, new_record(lab, record.plan, store))
        told = (
            *record.diagnostics,
            *otherwise,
            *preflight.diagnostics(checks),
            *(line.diagnostic for line in torn),
        )
        # Of a run that was killed nobody has noted when.
        before_s = None if record.state == "running" else record.wall_s
        resumed = replace(
            record,
            state="running",
            diagnostics=tuple(dict.fromkeys(told)),
            wall_s=None if before_s is None else before_s + time.monotonic() - began_s,
            resumed_at=(*record.resumed_at, utc_now()),
        )
        store.write_record(resumed)
        with closing(Engines(lab, store.directory)) as engines:
            yield _Started(lab, store, resumed, engines)


def earlier_runs(results: Path) -> Iterator[RunRecord]:
    """The latest runs, as far as they are complete, without their cells; the latest first. What
    cannot be read is passed over.
    """
    for store in islice(reversed(stored_runs(results)), LOOKED_THROUGH):
        with suppress(StoreError):
            record = store.read_record()
            if record.state == "complete":
                yield record
