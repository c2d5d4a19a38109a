"""A whole measurement: bring up, run the plan, put everything back as it was."""

import math
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Protocol

from bench import host, preflight, tuning
from bench.analysis import diagnostics
from bench.analysis.commands import commands, resume_command
from bench.analysis.differences import ABSENT, Difference, differences
from bench.analysis.promise import promise
from bench.analysis.wholeness import missing
from bench.environment import let_through
from bench.errors import StoreError, TargetUnfit, UsageError
from bench.experiment.alone import measuring_alone
from bench.experiment.assembly import exclusively, open_lab, site
from bench.experiment.cell import utc_now
from bench.experiment.conditions import examine, require_fit
from bench.experiment.elsewhere import lab_elsewhere, reached, told_of_themselves
from bench.experiment.engines import Engines, with_workers
from bench.experiment.interruption import undisturbed
from bench.experiment.lab import Lab, app_unit_name
from bench.experiment.openfiles import require_files, require_queue
from bench.experiment.plan import DEFAULT_CONCURRENCY, DEFAULT_ROWS, kinds_of_requests
from bench.experiment.procedures import procedure_of
from bench.experiment.runner import Observer, Runner, engine_probe, unit_probes
from bench.experiment.verify import require_answers, verify
from bench.load.ceiling import measure_ceiling
from bench.load.engine import Engine
from bench.load.generator import Generator
from bench.model import (
    METHOD,
    ClosedLoop,
    Diagnostic,
    LoadSpec,
    Operation,
    Plan,
    RunRecord,
    Sample,
    Target,
    TargetRecord,
)
from bench.preflight import Check
from bench.sampling import Sampler
from bench.store import SCHEMA_VERSION, RunStore, UnreadableLine, find_run, new_run_id, stored_runs
from bench.workloads import WORKLOADS

CEILING_WINDOW_S = 0.3
CEILING_USABLE_SHARE = 0.65
"""Above it an open loop's generator would begin to measure itself."""


LOOKED_THROUGH = 50
"""Stored runs, for what this one may promise: each takes some milliseconds before it can begin."""


class Watcher(Protocol):
    """Who watches a session: makes an observer once the run's folder is known."""

    def examined(self, checks: tuple[Check, ...]) -> None:
        """The machine has been looked at: what each check says."""
        ...

    def setting_up(self, lab: Lab) -> None:
        """The services of this lab are about to be started."""
        ...

    def observer(self, store: RunStore) -> Observer:
        """Who is told how the run goes that is kept in `store`."""
        ...


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


_TOLD = {"machine.clocksource": "the kernel chooses it at each start"}
"""Conditions that a restart may change by itself, and that all targets of a round share."""

_KERNELS_SHARE = 0.01
"""Of the memory: what starts of one machine differ by is some hundred pages."""


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
    _require_keepable(plan, ceiling_per_s)
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


def unfinished(store: RunStore) -> tuple[RunRecord, tuple[UnreadableLine, ...]]:
    """The stored run. Raises UsageError when nothing of it is left to measure."""
    record, torn = store.read()
    if record.schema_version != SCHEMA_VERSION:
        raise UsageError(
            f"run {record.run_id} was begun by a lab that stored runs of version "
            f"{record.schema_version}; this one stores version {SCHEMA_VERSION}",
            "Resume it with that lab (its commit stands in run.json), or make a new run.",
        )
    if store.is_of_old_form:
        raise UsageError(
            f"run {record.run_id} was stored by a lab that made no run of services elsewhere",
            f"Make it again: {tuple(commands(record))[-1]}",
        )
    if not record.plan.is_resumable:
        raise UsageError(
            f"run {record.run_id} cannot go on: what it compares is gone when it ends",
            f"Make it again: {resume_command(record)}",
        )
    if record.state == "complete" and not missing(record):
        raise UsageError(
            f"run {record.run_id} is complete", "There is nothing to resume: make report."
        )
    return record, torn


def lab_of(plan: Plan) -> Lab:
    """The lab that a plan is carried out in. Raises UsageError or SetupError."""
    return lab_elsewhere(plan) if plan.target_host else procedure_of(plan).lab_for(plan)


@contextmanager
def made_ready(
    plan: Plan, lab: Lab, watcher: Watcher, *, strict: bool
) -> Iterator[tuple[Check, ...]]:
    """Everything as the plan needs it for the time of the measurement, and what was found out
    about the machine that has the services: of another one that is nothing.
    """
    if not plan.target_host:
        with services_up(lab, watcher, strict=strict) as checks:
            yield checks
        return
    with reached(lab):
        watcher.setting_up(lab)
        yield ()


@contextmanager
def services_up(lab: Lab, watcher: Watcher, *, strict: bool = False) -> Iterator[tuple[Check, ...]]:
    """Everything up for the time of the measurement; what ran before runs on afterwards."""
    with measuring_alone(), exclusively(lab.site):
        # The lab's own work stays off the app's core, and so does what it starts unpinned.
        os.sched_setaffinity(0, lab.placement.housekeeping)
        checks = examine(lab.placement)
        watcher.examined(checks)
        if strict:
            require_fit(checks)
        watcher.setting_up(lab)
        started: list[str] = []
        ran: tuple[Target, ...] = ()
        try:
            started = lab.start(lab.targets, outlive=False)
            ran = tuple(target for target in lab.targets if app_unit_name(target) not in started)
            lab.restart_all(ran)  # whatever these have done before, a run begins with new ones
            yield checks
        finally:
            with undisturbed():
                lab.thaw_all()
                lab.stop(tuple(reversed(started)))
                # Also what has died or was interrupted between two processes.
                lab.start(ran, outlive=True)


def earlier_runs(results: Path) -> Iterator[RunRecord]:
    """The latest runs, as far as they are complete, without their cells; the latest first. What
    cannot be read is passed over.
    """
    for store in islice(reversed(stored_runs(results)), LOOKED_THROUGH):
        with suppress(StoreError):
            record = store.read_record()
            if record.state == "complete":
                yield record


def require_same_conditions(before: RunRecord, now: RunRecord) -> tuple[Diagnostic, ...]:
    """What is told of a run that goes on although something differs.

    Raises UsageError when two records differ in anything else that both of them know.
    """
    known = [
        difference
        for difference in differences(before, now)
        if ABSENT not in (difference.base, difference.head) and not _is_the_kernels(difference)
    ]
    if changed := "; ".join(
        str(difference) for difference in known if difference.name not in _TOLD
    ):
        raise UsageError(
            f"run {before.run_id} was begun under other conditions: {changed}",
            "Put them back, or make a new run and compare the two: make compare.",
        )
    return tuple(
        Diagnostic(
            "resumed-otherwise",
            f"when the run was resumed, {difference} ({_TOLD[difference.name]})",
            "Rates of the two parts may differ; ratios are taken within rounds.",
            "doubt",
        )
        for difference in known
    )


def _is_the_kernels(difference: Difference) -> bool:
    """Whether it is the memory that the kernel keeps for itself, some pages more or less at each
    start: no memory has been taken out or put in.
    """
    if difference.name != "machine.memory_bytes":
        return False
    return math.isclose(int(difference.base), int(difference.head), rel_tol=_KERNELS_SHARE)


def sampler_overhead(seconds: float, watcher: Watcher) -> float:
    """The sampler's CPU time as a share of one core, while each service in turn is under load.

    As in a run: the others are frozen, and what has not run is not read as often. Raises LabError
    when a request fails: then the load was not what it should be.
    """
    lab = open_lab(())
    with services_up(lab, watcher):
        kept: list[tuple[Sample, ...]] = []
        with Generator(lab.placement.generator) as engine:
            probes = (*unit_probes(lab), engine_probe(engine))
            with Sampler(probes, kept.append) as sampler:
                for target in lab.targets:
                    _keep_busy(lab, engine, target, seconds / len(lab.targets))
        return sampler.own_share


def _keep_busy(lab: Lab, engine: Generator, target: Target, seconds: float) -> None:
    """Let one service read items, alone, for so long."""
    lab.isolate(target)
    with lab.admin(target) as admin:
        admin.load_rows(DEFAULT_ROWS)
    (phase,) = WORKLOADS["read"].phases(1, DEFAULT_ROWS)
    pacing = ClosedLoop(DEFAULT_CONCURRENCY)
    spec = LoadSpec(lab.base_url(target), phase.shares, pacing, seed=1, duration_s=seconds)
    engine.prepare(spec)
    engine.go()
    require_answers(engine.collect(), target.name)


def sending_ceiling(lab: Lab, plan: Plan, generator: Engine) -> Mapping[Operation, float]:
    """What the generator can send, against a server where the app will run: of each kind of
    request that the plan has.
    """
    for name in lab.all_unit_names():
        lab.supervisor.freeze(name)
    measured = measure_ceiling(
        generator,
        lab.placement.app[:1],
        duration_s=CEILING_WINDOW_S,
        turns=1,
        operations=kinds_of_requests(plan),
    )
    return {cost.operation: cost.rate_per_s for cost in measured.generator}


def _require_keepable(plan: Plan, ceiling_per_s: Mapping[Operation, float]) -> None:
    """Raises UsageError when the generator itself could not keep the plan's rate."""
    limit = CEILING_USABLE_SHARE * min(ceiling_per_s.values())
    offered = plan.pacing.offered_per_s
    if offered is not None and offered > limit:
        raise UsageError(
            f"the generator cannot keep {offered:.0f} requests/s here",
            f"It keeps {limit:.0f} requests/s, 65 % of what it can send at all; lower RATE.",
        )


def overrides(lab: Lab) -> dict[str, tuple[str, ...]]:
    """Files of others that change units of the lab, by unit. Those that nobody changes are out."""
    found = {name: lab.supervisor.overrides(name) for name in lab.all_unit_names()}
    return {name: files for name, files in found.items() if files}


def new_record(lab: Lab, plan: Plan, store: RunStore) -> RunRecord:
    """The record of a run that begins, with the circumstances that it begins under."""
    return RunRecord(
        schema_version=SCHEMA_VERSION,
        run_id=store.directory.name,
        plan=plan,
        placement=lab.placement,
        supervisor="" if plan.target_host else lab.supervisor.name,
        provenance={
            "source": host.source(lab.site.root),
            "environment": let_through(),
            "bind": lab.site.host,
            "port_offset": lab.site.port_offset,
            "machine": {**host.machine(lab.cpus), "tuned": tuning.tuned_names()},
            "load_before": host.load_now(),
            **(told_of_themselves(lab) if plan.target_host else _of_the_services(lab)),
        },
        diagnostics=(),
        started_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
        state="running",
        method=METHOD,
        targets=tuple(map(TargetRecord.of, lab.targets)),
    )


def _of_the_services(lab: Lab) -> Mapping[str, object]:
    """What provenance has of services and databases that run here, each verified for it."""
    services: dict[str, object] = {}
    settings: dict[str, object] = {}
    tables: dict[str, object] = {}
    databases: dict[str, object] = {}
    for target in lab.targets:
        with lab.admin(target) as admin:
            # An unfit target is told of by its cells; the others are measured all the same.
            with suppress(TargetUnfit):
                reported = verify(lab.site, target, admin)
                services[target.name] = reported.versions
                settings[target.name] = reported.settings
            tables[target.name] = admin.table()
            databases[target.name] = admin.settings()
    return {
        "postgresql": {
            "version": lab.binaries.version,
            "origin": lab.binaries.origin,
            "directory": str(lab.binaries.directory),
            "store_path": host.store_path(lab.binaries.directory),
        },
        "services": services,
        "settings": settings,
        "tables": tables,
        "databases": databases,
        "overrides": {name: list(files) for name, files in overrides(lab).items()},
    }
