"""One cell: the same start, the contract smoke, the warm-up, and the measured windows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from bench.analysis import diagnostics
from bench.database.admin import Admin
from bench.experiment.fitness import Speed, condition_warnings, conditions
from bench.experiment.lab import Lab
from bench.experiment.plan import rows_to_load
from bench.experiment.schedule import Visit
from bench.experiment.verify import verify
from bench.host import CpuTotals, WindowCounters, cpu_totals, window_counters
from bench.load.engine import Engine
from bench.model import (
    CellResult,
    CpuTimes,
    LoadResult,
    LoadSpec,
    Operation,
    Phase,
    PhaseResult,
    Plan,
    Pressure,
    Progress,
    RoleCost,
    Target,
    Usage,
    WarmUp,
)
from bench.supervise import Supervisor
from bench.supervise.peak import fallen_since_peak_bytes, reset_peaks
from bench.supervise.proctree import tree_memory, tree_usage
from bench.workloads import WORKLOADS, Workload


@dataclass(frozen=True)
class _Edge:
    """All counters at one edge of a window."""

    app: Usage
    database: Usage
    generator: Usage
    cpus: CpuTotals
    counters: WindowCounters


@dataclass(frozen=True)
class Bench:
    """What measuring a cell needs."""

    lab: Lab
    plan: Plan
    engine: Engine
    ceiling_per_s: Mapping[Operation, float]
    on_progress: Callable[[Progress], None]
    speed: Speed = field(default_factory=Speed)


def measure_cell(bench: Bench, visit: Visit, target: Target) -> CellResult:
    """Measure one cell from the common start.

    Raises TargetUnfit, UnitFailed, DatabaseFailed or GeneratorFailed.
    """
    workload = WORKLOADS[visit.workload]
    started_at = datetime.now(UTC).isoformat(timespec="milliseconds")
    bench.lab.isolate(target)
    with bench.lab.admin(target) as admin:
        verify(bench.lab.site, target, admin)
        warm_rows, rows = rows_to_load(bench.plan, workload, bench.ceiling_per_s.get("read"))
        admin.load_rows(rows)
        warm_up = _warm_up(bench, visit, target, workload, warm_rows)
        first = warm_rows + 1 if workload.deletes else 1
        phases = tuple(
            _measure_phase(bench, visit, target, phase, admin, warm_up)
            for phase in workload.phases(first, rows)
        )
    return CellResult(
        round=visit.round,
        target=target.name,
        workload=visit.workload,
        pacing=bench.plan.pacing,
        started_at=started_at,
        warm_up=warm_up,
        phases=phases,
    )


def _seed(plan: Plan, visit: Visit) -> int:
    """The same bodies and ids for every target of a round, other ones in the next round."""
    return plan.seed * 1_000 + visit.round


def _spec(bench: Bench, visit: Visit, target: Target, phase: Phase) -> LoadSpec:
    spec = LoadSpec(
        base_url=bench.lab.base_url(target),
        shares=phase.shares,
        pacing=bench.plan.pacing,
        seed=_seed(bench.plan, visit),
        target=target.name,
    )
    if phase.counted:
        return replace(spec, requests=bench.plan.requests)
    return replace(spec, duration_s=bench.plan.window_s)


def _warm_up(
    bench: Bench, visit: Visit, target: Target, workload: Workload, rows: int
) -> WarmUp | None:
    phase = replace(workload.phases(1, rows)[0], counted=False)
    spec = _spec(bench, visit, target, phase)
    # Another seed than the window's: what is written there must not be what is there already.
    spec = replace(spec, seed=-1 - spec.seed)
    return bench.engine.warm_up(spec, bench.plan.warm_up_min_s, bench.plan.warm_up_max_s)


def _edge(bench: Bench, target: Target) -> _Edge:
    lab = bench.lab
    app, database = lab.unit_names(target)
    cpus = lab.placement_of(target).app
    return _Edge(
        app=lab.supervisor.usage(app),
        database=lab.supervisor.usage(database),
        generator=tree_usage(bench.engine.pid),
        cpus=cpu_totals(cpus),
        counters=window_counters(cpus, lab.supervisor.status(app).pid),
    )


def _cost(before: Usage, after: Usage) -> RoleCost:
    return RoleCost(
        cpu_s=after.cpu_s - before.cpu_s,
        voluntary_switches=after.voluntary_switches - before.voluntary_switches,
        involuntary_switches=after.involuntary_switches - before.involuntary_switches,
        pressure=_pressure(before.pressure, after.pressure),
    )


def _pressure(before: Pressure | None, after: Pressure | None) -> Pressure | None:
    if before is None or after is None:
        return None
    return Pressure(
        cpu_s=after.cpu_s - before.cpu_s,
        memory_s=after.memory_s - before.memory_s,
        io_s=after.io_s - before.io_s,
    )


def _reset_peak(supervisor: Supervisor, name: str) -> bool:
    pid = supervisor.status(name).pid
    return pid is not None and reset_peaks(pid)


def _with_memory(
    cost: RoleCost, supervisor: Supervisor, name: str, *, since_reset: bool
) -> RoleCost:
    memory = supervisor.memory(name)
    pid = supervisor.status(name).pid
    if pid is None or memory is None or not since_reset:
        return replace(cost, memory=memory)
    most_bytes = memory.pss_bytes + fallen_since_peak_bytes(pid)
    return replace(cost, memory=memory, most_bytes=most_bytes)


def _measure_phase(
    bench: Bench,
    visit: Visit,
    target: Target,
    phase: Phase,
    admin: Admin,
    warm_up: WarmUp | None,
) -> PhaseResult:
    bench.engine.prepare(_spec(bench, visit, target, phase))
    supervisor, placement = bench.lab.supervisor, bench.lab.placement_of(target)
    units = bench.lab.unit_names(target)
    resettable = [_reset_peak(supervisor, name) for name in units]
    statements = admin.totals()
    (cpu,) = bench.lab.placement_of(target).app
    spin_before_s = bench.speed.probe(cpu)
    before = _edge(bench, target)
    bench.engine.go(bench.on_progress)
    after = _edge(bench, target)
    spin_after_s = bench.speed.probe(cpu)
    # Locust's processes end when they are collected.
    generator_memory = tree_memory(bench.engine.pid)
    load = bench.engine.collect()
    queries = admin.counted_since(statements)

    app, database = (
        _with_memory(_cost(*edges), supervisor, name, since_reset=since_reset)
        for name, edges, since_reset in zip(
            units,
            ((before.app, after.app), (before.database, after.database)),
            resettable,
            strict=True,
        )
    )
    generator = replace(_cost(before.generator, after.generator), memory=generator_memory)
    times = _cpu_times(before.cpus, after.cpus, app)
    moved = after.counters.since(before.counters)
    seen = conditions(spin_before_s, spin_after_s, moved)
    return PhaseResult(
        phase=phase.name,
        load=load,
        app=app,
        database=database,
        generator=generator,
        app_cpus=times,
        queries=queries,
        ceiling_share=_ceiling_share(bench, phase, load),
        limited_by=diagnostics.limited_by(load, app, database, generator, placement),
        warnings=(
            *diagnostics.window_warnings(
                load, generator, times.steal_s, times.foreign_s, placement
            ),
            *condition_warnings(seen, moved.siblings, load.duration_s, bench.speed, cpu),
            *diagnostics.littles_law_off(load, bench.plan.pacing),
            *diagnostics.open_loop_off(load, bench.plan.pacing),
            *diagnostics.crowd_off(load, bench.plan.window_s),
            *diagnostics.too_few_samples(
                load, bench.plan.pacing, study=bench.plan.study is not None
            ),
            *diagnostics.ran_out(load),
            *diagnostics.unsteady_warm_up(warm_up),
        ),
        conditions=seen,
    )


# What the generator has to do for an answer, by the nearest operation that its ceiling knows.
_CEILING_OF: Mapping[Operation, Operation] = {
    "ping": "read",
    "delete": "read",
    "update": "create",
    "echo": "create",
}


def _ceiling_share(bench: Bench, phase: Phase, load: LoadResult) -> float | None:
    """The window's rate against the ceiling, each operation weighed by its part of the load."""
    total = sum(share.weight for share in phase.shares)
    needed = 0.0
    for share in phase.shares:
        ceiling = bench.ceiling_per_s.get(_CEILING_OF.get(share.operation, share.operation))
        if ceiling is None:
            return None
        needed += load.rate_per_s * share.weight / total / ceiling
    return needed


def _cpu_times(before: CpuTotals, after: CpuTotals, app: RoleCost) -> CpuTimes:
    busy_s = after.busy_s - before.busy_s
    return CpuTimes(
        busy_s=busy_s,
        steal_s=after.steal_s - before.steal_s,
        # Ticks round: a difference below zero is nothing, not a gain.
        foreign_s=max(0.0, busy_s - app.cpu_s),
    )
