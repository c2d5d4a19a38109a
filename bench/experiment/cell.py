"""One cell: the same start, the contract smoke, the warm-up, and the measured windows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from bench.analysis import diagnostics
from bench.database.admin import Admin
from bench.experiment.conditions import SpinProbe, condition_diagnostics, conditions
from bench.experiment.lab import Lab
from bench.experiment.schedule import Step
from bench.experiment.start import CommonStart, warm_up_s
from bench.host import CpuTotals, WindowCounters, cpu_totals, window_counters
from bench.kernel.sockets import other_clients
from bench.load.engine import Engine
from bench.load.request_source import PAGE
from bench.model import (
    CellResult,
    CpuTimes,
    Diagnostic,
    LoadResult,
    LoadSpec,
    Operation,
    Phase,
    PhaseResult,
    Plan,
    Pressure,
    Progress,
    QueryCounts,
    RoleCost,
    Target,
    TurnSeries,
    Usage,
    WarmUp,
)
from bench.supervise import Supervisor
from bench.supervise.peak import fallen_since_peak_bytes, reset_peaks
from bench.supervise.proctree import descendants, tree_memory, tree_usage
from bench.workloads import WORKLOADS, Workload


@dataclass(frozen=True)
class Edge:
    """All counters at one edge of a window."""

    app: Usage
    database: Usage
    generator: Usage
    cpus: CpuTotals
    counters: WindowCounters
    other_clients: int
    """Connections to the app that are not the load's."""


@dataclass(frozen=True)
class Bench:
    """What measuring a cell needs."""

    lab: Lab
    plan: Plan
    engine: Engine
    ceiling_per_s: Mapping[Operation, float]
    on_progress: Callable[[Progress], None]
    spin_probe: SpinProbe = field(default_factory=SpinProbe)
    start: CommonStart = field(default_factory=CommonStart)
    described: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Each target's database as it was when the run began."""


def measure_cell(bench: Bench, step: Step, target: Target) -> CellResult:
    """Measure one target alone, in windows of its own, from the common start.

    Raises TargetUnfit, UnitFailed, DatabaseFailed or GeneratorFailed.
    """
    workload = WORKLOADS[step.workload]
    started_at = utc_now()
    bench.lab.isolate(target)
    with bench.lab.admin(target) as admin:
        started = bench.start.prepare(
            bench.lab, bench.plan, bench.ceiling_per_s, workload, target, admin
        )
        warmed = warm_up(bench, step, target, workload, started.warm_up_rows)
        first = started.warm_up_rows + 1 if workload.deletes else 1
        phases = tuple(
            measure_phase(bench, step, target, phase, admin, warmed)
            for phase in workload.phases(first, started.rows)
        )
    return CellResult(
        round=step.round,
        target=target.name,
        workload=step.workload,
        pacing=bench.plan.pacing,
        started_at=started_at,
        warm_up=warmed,
        phases=phases,
    )


def utc_now() -> str:
    """This moment as records keep it: ISO 8601, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def seed_of(plan: Plan, step: Step) -> int:
    """The same bodies and ids for every target of a round, other ones in the next round."""
    return plan.seed * 1_000 + step.round


def load_spec(bench: Bench, step: Step, target: Target, phase: Phase) -> LoadSpec:
    """What the generator is asked to send to this target."""
    spec = LoadSpec(
        base_url=bench.lab.base_url(target),
        shares=phase.shares,
        pacing=bench.plan.pacing,
        seed=seed_of(bench.plan, step),
        target=target.name,
        shared_database=bool(bench.plan.target_host),
    )
    if phase.counted:
        return replace(spec, requests=bench.plan.requests)
    return replace(spec, duration_s=bench.plan.window_s)


def warm_up(
    bench: Bench, step: Step, target: Target, workload: Workload, rows: int
) -> WarmUp | None:
    """Ask a target for what the first phase asks, before its window."""
    phase = replace(workload.phases(1, rows)[0], counted=False)
    spec = load_spec(bench, step, target, phase)
    # Another seed than the window's: what is written there must not be what is there already.
    spec = replace(spec, seed=-1 - spec.seed)
    # The others were asked meanwhile, and this one was frozen: as after a start.
    return bench.engine.warm_up(spec, *warm_up_s(bench.plan, new=True))


def edge(bench: Bench, target: Target) -> Edge:
    """All counters of a target, the generator and the machine at this moment."""
    lab = bench.lab
    app, database = lab.unit_names(target)
    cpus = lab.placement_of(target).app
    return Edge(
        app=lab.usage(target, app),
        database=lab.usage(target, database),
        generator=tree_usage(bench.engine.pid),
        cpus=cpu_totals(cpus),
        counters=window_counters(cpus, lab.supervisor.status(app).pid),
        other_clients=other_clients(target.http_port, descendants(bench.engine.pid)),
    )


def cost(before: Usage, after: Usage) -> RoleCost:
    """What a role used between two edges."""
    voluntary, involuntary = after.switches_since(before)
    return RoleCost(
        cpu_s=after.cpu_s - before.cpu_s,
        voluntary_switches=voluntary,
        involuntary_switches=involuntary,
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


def reset_peak(supervisor: Supervisor, name: str) -> bool:
    """Begin the unit's highest memory anew; False where that is not possible."""
    pid = supervisor.status(name).pid
    return pid is not None and reset_peaks(pid)


def with_memory(
    cost: RoleCost, lab: Lab, target: Target, name: str, *, since_reset: bool
) -> RoleCost:
    """The cost with the unit's memory now and, where its peak was begun anew, at most."""
    memory = lab.memory(target, name)
    pid = lab.supervisor.status(name).pid
    if pid is None or memory is None or not since_reset:
        return replace(cost, memory=memory)
    most_bytes = memory.pss_bytes + fallen_since_peak_bytes(pid)
    return replace(cost, memory=memory, most_bytes=most_bytes)


@dataclass(frozen=True)
class WindowCounts:
    """What was counted of one target while it was asked, whether in a window or in turns.

    `watched_s` is the time in which `moved` happened: with turns, that of all targets. `longer_s`
    is by how much the window, or the longest turn, was longer than planned.
    """

    load: LoadResult
    app: RoleCost
    database: RoleCost
    generator: RoleCost
    app_cpus: CpuTimes
    queries: QueryCounts | None
    spin_before_s: float | None
    spin_after_s: float | None
    moved: WindowCounters
    watched_s: float
    longer_s: float
    watch: "Watch"
    turns: TurnSeries | None = None


@dataclass(frozen=True)
class Watch:
    """What must not change while a target is measured.

    Whether its processes were others at the end than at the start, or at the start than at the end
    of the window before; the CPUs that each role might use at both; how many others were connected
    to it at most; and its database as it is described afterwards.
    """

    replaced_within: bool
    replaced_before: bool
    allowed: Mapping[str, tuple[tuple[int, ...], ...]]
    other_clients: int
    described: Mapping[str, str]


def measure_phase(
    bench: Bench,
    step: Step,
    target: Target,
    phase: Phase,
    admin: Admin,
    warm_up: WarmUp | None,
) -> PhaseResult:
    """One window of its own, with what was counted at its edges."""
    bench.engine.prepare(load_spec(bench, step, target, phase))
    supervisor = bench.lab.supervisor
    units = bench.lab.unit_names(target)
    resettable = [reset_peak(supervisor, name) for name in units]
    statements = admin.totals()
    (cpu,) = bench.lab.placement_of(target).app
    spin_before_s = bench.spin_probe.probe(cpu)
    before = edge(bench, target)
    bench.engine.go(bench.on_progress)
    after = edge(bench, target)
    watch = watched(bench, target, before, after, admin)
    spin_after_s = bench.spin_probe.probe(cpu)
    # Locust's processes end when they are collected.
    generator_memory = tree_memory(bench.engine.pid)
    load = bench.engine.collect()
    queries = admin.counted_since(statements)
    app, database = (
        with_memory(cost(*edges), bench.lab, target, name, since_reset=since_reset)
        for name, edges, since_reset in zip(
            units,
            ((before.app, after.app), (before.database, after.database)),
            resettable,
            strict=True,
        )
    )
    counted = WindowCounts(
        load=load,
        app=app,
        database=database,
        generator=replace(cost(before.generator, after.generator), memory=generator_memory),
        app_cpus=cpu_times(before.cpus, after.cpus, app.cpu_s),
        queries=queries,
        spin_before_s=spin_before_s,
        spin_after_s=spin_after_s,
        moved=after.counters.since(before.counters),
        watched_s=load.duration_s,
        longer_s=0.0 if phase.counted else load.duration_s - bench.plan.window_s,
        watch=watch,
    )
    return phase_result(bench, target, phase, counted, warm_up)


def watched(bench: Bench, target: Target, before: Edge, after: Edge, admin: Admin) -> Watch:
    """What has changed of a target between two edges. Raises DatabaseFailed."""
    first, last = set(before.app.switches), set(after.app.switches)
    return Watch(
        replaced_within=first != last,
        replaced_before=not bench.start.has_gone_on(target, first, last),
        allowed={
            "app": (before.app.cpus, after.app.cpus),
            "database": (before.database.cpus, after.database.cpus),
            "generator": (before.generator.cpus, after.generator.cpus),
        },
        other_clients=max(before.other_clients, after.other_clients),
        described=admin.described(),
    )


def phase_result(
    bench: Bench, target: Target, phase: Phase, counted: WindowCounts, warm_up: WarmUp | None
) -> PhaseResult:
    """The window as it is kept, with what limited it and what can be doubted of it."""
    load, generator, times = counted.load, counted.generator, counted.app_cpus
    app, database = counted.app, counted.database
    placement = bench.lab.placement_of(target)
    (cpu,) = placement.app
    seen = conditions(counted.spin_before_s, counted.spin_after_s, counted.moved)
    siblings = counted.moved.siblings
    return PhaseResult(
        phase=phase.name,
        load=load,
        app=app,
        database=database,
        generator=generator,
        app_cpus=times,
        queries=counted.queries,
        # The plan's pacing: of a search a closed loop, for its trials must keep more than a rate.
        limited_by=diagnostics.limited_by(
            load, app, database, generator, times, placement, bench.plan.pacing
        ),
        diagnostics=(
            *diagnostics.window_diagnostics(
                load, generator, times.steal_s, times.foreign_s, placement
            ),
            *condition_diagnostics(seen, siblings, counted.watched_s, bench.spin_probe, cpu),
            *diagnostics.impossible_cost(
                load.duration_s,
                {"app": app.cpu_s, "database": database.cpu_s, "generator": generator.cpu_s},
                placement,
            ),
            *diagnostics.off_placement(counted.watch.allowed, placement),
            *diagnostics.littles_law_off(load, bench.plan.pacing),
            *diagnostics.open_loop_off(load, bench.plan.pacing),
            *diagnostics.users_off(load, bench.plan.window_s),
            *diagnostics.too_few_samples(load, bench.plan.longer),
            *diagnostics.ran_out(load),
            *_of_the_work(bench, target, counted),
            *diagnostics.unsteady_warm_up(warm_up),
        ),
        conditions=seen,
        turns=counted.turns,
    )


def _of_the_work(bench: Bench, target: Target, counted: WindowCounts) -> tuple[Diagnostic, ...]:
    """Whether the window was what it is taken for."""
    load, watch = counted.load, counted.watch
    users = not bench.plan.pacing.is_the_labs
    return (
        *diagnostics.work_off(load, counted.queries, {"list": PAGE}, exact=not users),
        *diagnostics.standstill(load, 0.0 if users else counted.longer_s),
        *diagnostics.workers_replaced(watch.replaced_within, watch.replaced_before),
        # Users' requests may come from other machines, and from processes that have ended.
        *diagnostics.others_connected(0 if users else watch.other_clients),
        *diagnostics.database_changed(bench.described.get(target.name, {}), watch.described),
    )


def cpu_times(before: CpuTotals, after: CpuTotals, app_cpu_s: float) -> CpuTimes:
    """What the app's CPUs did between two edges, in which the app used `app_cpu_s`."""
    busy_s = after.busy_s - before.busy_s
    return CpuTimes(
        busy_s=busy_s,
        steal_s=after.steal_s - before.steal_s,
        # Ticks round: a difference below zero is nothing, not a gain.
        foreign_s=max(0.0, busy_s - app_cpu_s),
    )
