"""One workload of one round, measured in turns: all targets are up, and one at a time is asked.

A turn begins with a lead-in that is not counted: after a switch the first milliseconds are dearer,
with cold caches and an empty pipeline. What is counted lies between two readings of the clocks, at
both of which all connections are busy: work in progress at the first is made up for by that at the
last. Then the last answers are waited for, so that no request meets another target's turn.
Statements, switches and memory are read at the edges of the whole stretch, and belong to all
requests in it.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import reduce
from itertools import islice
from typing import cast

from bench.database.admin import Admin, Totals
from bench.errors import DatabaseFailed, PortTaken, TargetUnfit, UnitFailed
from bench.experiment.cell import (
    Bench,
    Edge,
    WindowCounts,
    cost,
    cpu_times,
    edge,
    load_spec,
    phase_result,
    reset_peak,
    seed_of,
    utc_now,
    watched,
    with_memory,
)
from bench.experiment.schedule import Step, passes
from bench.experiment.start import warm_up_s
from bench.host import CpuTotals, cpu_totals
from bench.load.engine import TurnEngine
from bench.model import (
    CellResult,
    CpuTimes,
    LoadResult,
    Memory,
    Phase,
    Progress,
    QueryCounts,
    RoleCost,
    Target,
    Turn,
    Turns,
    TurnSeries,
    Usage,
    WarmUp,
)
from bench.supervise.proctree import exact_cpu_s, tree_memory
from bench.workloads import WITHOUT_DATABASE, WORKLOADS

TARGET_FAILED = (TargetUnfit, UnitFailed, DatabaseFailed, PortTaken)
"""The target failed, not the lab: that is a result, and the others go on."""


@dataclass(frozen=True)
class _Clocks:
    """CPU seconds so far: of the three roles, and of the app's CPUs whoever used them.

    `at_s` is when the app's was read, by `time.monotonic()`.
    """

    at_s: float
    app_s: float
    database_s: float
    generator_s: float
    cpus: CpuTotals


@dataclass(frozen=True)
class _CountedTurn:
    """A turn with what was counted of it, and what that cost; `whole_s` is all of it."""

    at_s: float
    whole_s: float
    turn: Turn
    before: _Clocks
    after: _Clocks


@dataclass
class Participant:
    """A target in a stretch, with what has been seen of it so far; `failure` ends its part, and
    `remedy` is what helps, where that is known.

    Where its target takes part more than once, each time asked for something else, it is
    `shared`: what was used is then read at the edges of each of its own turns, into `uses`.
    """

    target: Target
    phases: tuple[Phase, ...]
    admin: Admin
    started_at: str
    workload: str = ""
    shared: bool = False
    new: bool = False
    warm_up: WarmUp | None = None
    beginning: "_Beginning | None" = None
    taken: list[_CountedTurn] = field(default_factory=list)
    uses: list[tuple["_Uses", "_Uses"]] = field(default_factory=list)
    failure: str = ""
    remedy: str = ""

    @property
    def name(self) -> str:
        """What the engine calls it: its target, and what that is asked where that is not all."""
        return f"{self.target.name}/{self.workload}" if self.shared else self.target.name


_Uses = tuple[Usage, Usage]
"""What a target's app and database have used so far."""


@dataclass(frozen=True)
class _Beginning:
    """What was read of a participant when the turns began."""

    read_clocks: Callable[[], _Clocks]
    counters: Edge
    statements: Totals
    resettable: tuple[bool, ...]


@dataclass(frozen=True)
class _Around:
    """What is known of the whole stretch; spins are by CPU."""

    watched_s: float
    spins_before: Mapping[int, float | None]
    spins_after: Mapping[int, float | None]
    generator_memory: Memory | None


def measure_turns(bench: Bench, step: Step, targets: Sequence[Target]) -> tuple[CellResult, ...]:
    """The step's cells, in its order, all from the common start. `targets` are each there once.

    A target that fails is told of by its cell. Raises GeneratorFailed.
    """
    bench.lab.thaw_all()
    with ExitStack() as stack:
        parts = all_prepared(bench, step, targets, stack)
        engine = cast("TurnEngine", bench.engine)
        engine.prepare_turns(
            {part.name: load_spec(bench, step, part.target, part.phases[0]) for part in able(parts)}
        )
        for part in able(parts):
            with told(part):
                least_s, most_s = warm_up_s(bench.plan, new=part.new)
                part.warm_up = engine.warm_up_turns(part.name, least_s, most_s)
        for part in able(parts):
            with told(part):
                part.beginning = _beginning(bench, engine, part)
        spins_before = _probed(bench, targets)
        began_s = time.monotonic()
        _take_turns(bench, step, engine, parts, began_s)
        watched_s = time.monotonic() - began_s
        around = _Around(watched_s, spins_before, _probed(bench, targets), tree_memory(engine.pid))
        return tuple(_cells(bench, step, engine, parts, around))


def able(parts: Sequence[Participant]) -> Iterator[Participant]:
    """Those who can still be asked: whose target has not failed."""
    return (part for part in parts if not part.failure)


@contextmanager
def told(part: Participant) -> Iterator[None]:
    """A failure of the target ends its part and nobody else's."""
    try:
        yield
    except TARGET_FAILED as error:
        part.failure, part.remedy = error.message, error.remedy


def all_prepared(
    bench: Bench, step: Step, targets: Sequence[Target], stack: ExitStack
) -> list[Participant]:
    """Who takes part: targets that are verified and have their data, at the same time, for much of
    it is waiting for disks and answers.
    """
    by_name = {target.name: target for target in targets}
    admins = {target.name: stack.enter_context(bench.lab.admin(target)) for target in targets}
    parts = [
        Participant(by_name[name], (), admins[name], utc_now(), workload)
        for name, workload in step.cells
    ]
    by_target = [[part for part in parts if part.target.name == name] for name in by_name]
    with ThreadPoolExecutor(max(1, len(by_target))) as threads:
        list(threads.map(lambda same: _prepare(bench, same), by_target))
    return parts


def _prepare(bench: Bench, parts: Sequence[Participant]) -> None:
    """Prepare a target for all that it will be asked. What is asked last needs its rows."""
    for part in parts:
        part.shared = len(parts) > 1
        with told(part):
            workload = WORKLOADS[part.workload]
            started = bench.start.prepare(
                bench.lab, bench.plan, bench.ceiling_per_s, workload, part.target, part.admin
            )
            part.phases = workload.phases(1, started.rows)
            part.new = started.new


def _probed(bench: Bench, targets: Sequence[Target]) -> Mapping[int, float | None]:
    """How fast each of the apps' CPUs is just now."""
    cpus = sorted({bench.lab.placement_of(target).app[0] for target in targets})
    return {cpu: bench.spin_probe.probe(cpu) for cpu in cpus}


def _beginning(bench: Bench, engine: TurnEngine, part: Participant) -> _Beginning:
    lab, target = bench.lab, part.target
    cpus = lab.placement_of(target).app
    read_app, read_database = map(lab.supervisor.cpu_clock, lab.unit_names(target))

    def read_clocks() -> _Clocks:
        app_s, at_s = read_app(), time.monotonic()
        return _Clocks(at_s, app_s, read_database(), exact_cpu_s(engine.pid), cpu_totals(cpus))

    return _Beginning(
        read_clocks=read_clocks,
        resettable=tuple(reset_peak(lab.supervisor, name) for name in lab.unit_names(target)),
        counters=edge(bench, target),
        statements=part.admin.totals(),
    )


# --- the turns --------------------------------------------------------------------------------


def _take_turns(
    bench: Bench, step: Step, engine: TurnEngine, parts: Sequence[Participant], began_s: float
) -> None:
    assert step.turns is not None
    by_name = {part.name: part for part in parts}
    orders = passes([part.name for part in able(parts)], f"{seed_of(bench.plan, step)}")
    for order in islice(orders, step.turns.needed_for(step.window_s)):
        for name in order:
            part = by_name[name]
            if not part.failure:
                with told(part):
                    _take_turn(bench, step.turns, engine, part, began_s)
        bench.on_progress(_progress(parts))


def _take_turn(
    bench: Bench, turns: Turns, engine: TurnEngine, part: Participant, began_s: float
) -> None:
    if not part.shared:
        part.taken.append(_turn(turns, engine, part, began_s))
        return
    before = _uses(bench, part.target)
    part.taken.append(_turn(turns, engine, part, began_s))
    part.uses.append((before, _uses(bench, part.target)))


def _uses(bench: Bench, target: Target) -> _Uses:
    app, database = bench.lab.unit_names(target)
    return bench.lab.usage(target, app), bench.lab.usage(target, database)


def _turn(turns: Turns, engine: TurnEngine, part: Participant, began_s: float) -> _CountedTurn:
    assert part.beginning is not None
    name, read_clocks = part.name, part.beginning.read_clocks
    started_s = time.monotonic()
    engine.begin_turn(name)
    try:
        time.sleep(turns.lead_in_s)
        before = read_clocks()
        time.sleep(turns.turn_s)
        after = read_clocks()
    except BaseException:
        engine.end_turn(name, 0.0, 0.0)  # nothing of it counts, and nobody is asked any longer
        raise
    turn = engine.end_turn(name, before.at_s, after.at_s)
    return _CountedTurn(before.at_s - began_s, time.monotonic() - started_s, turn, before, after)


def _progress(parts: Sequence[Participant]) -> Progress:
    """Of all targets together, in the time that is counted: so the rate is what one of them has on
    average.
    """
    turns = [taken.turn for part in parts for taken in part.taken]
    succeeded = sum(turn.succeeded for turn in turns)
    asked_s = sum(turn.duration_s for turn in turns)
    return Progress(
        elapsed_s=asked_s,
        succeeded=succeeded,
        failed=sum(turn.failed for turn in turns),
        rate_per_s=succeeded / asked_s if asked_s else 0.0,
    )


# --- from turns to cells ----------------------------------------------------------------------


def _cells(
    bench: Bench,
    step: Step,
    engine: TurnEngine,
    parts: Sequence[Participant],
    around: _Around,
) -> Iterator[CellResult]:
    results = engine.collect_turns()
    for part in parts:
        cell = CellResult(
            round=step.round,
            target=part.target.name,
            workload=part.workload,
            pacing=bench.plan.pacing,
            started_at=part.started_at,
            warm_up=part.warm_up,
            ladder=step.ladder,
        )
        with told(part):
            if not part.failure:
                counted = _counted(bench, step, part, results[part.name], around)
                window = phase_result(bench, part.target, part.phases[0], counted, part.warm_up)
                cell = replace(cell, phases=(window,))
        yield replace(cell, unfit=part.failure, remedy=part.remedy)


def _counted(
    bench: Bench,
    step: Step,
    part: Participant,
    load: LoadResult,
    around: _Around,
) -> WindowCounts:
    """The turns of one target together. Raises UnitFailed when it has died in the meantime."""
    beginning, taken, target = part.beginning, part.taken, part.target
    assert beginning is not None
    (cpu,) = bench.lab.placement_of(target).app
    ended = edge(bench, target)
    before, after = beginning.counters, ended
    watch = watched(bench, target, before, after, part.admin)
    units = zip(
        bench.lab.unit_names(target),
        _role_costs(part, (before.app, before.database), (after.app, after.database)),
        (_total(taken, "app_s"), _total(taken, "database_s")),
        beginning.resettable,
        strict=True,
    )
    app, database = (
        with_memory(
            replace(own, cpu_s=cpu_s),
            bench.lab,
            target,
            name,
            since_reset=since_reset,
        )
        for name, own, cpu_s, since_reset in units
    )
    return WindowCounts(
        load=load,
        app=app,
        database=database,
        generator=RoleCost(_total(taken, "generator_s"), 0, 0, memory=around.generator_memory),
        app_cpus=_cpu_times(taken, app.cpu_s),
        queries=_queries(part, beginning),
        spin_before_s=around.spins_before[cpu],
        spin_after_s=around.spins_after[cpu],
        moved=after.counters.since(before.counters),
        watched_s=around.watched_s,
        longer_s=_longer_s(step.turns, taken),
        watch=watch,
        turns=_series(taken),
    )


def _longer_s(turns: Turns | None, taken: Sequence[_CountedTurn]) -> float:
    """By how much the longest turn, with its last answers, was longer than planned."""
    if turns is None or not taken:
        return 0.0
    return max(turn.whole_s for turn in taken) - turns.lead_in_s - turns.turn_s


def _role_costs(part: Participant, before: _Uses, after: _Uses) -> tuple[RoleCost, RoleCost]:
    """What the app and its database used: between the edges, or in the part's own turns."""
    stretches = part.uses if part.shared else [(before, after)]
    app, database = (
        reduce(_together, (cost(beginning[place], ended[place]) for beginning, ended in stretches))
        for place in (0, 1)
    )
    return app, database


def _together(first: RoleCost, other: RoleCost) -> RoleCost:
    """The switches of both; CPU time and pressure of turns are told elsewhere, or not at all."""
    return RoleCost(
        cpu_s=first.cpu_s + other.cpu_s,
        voluntary_switches=first.voluntary_switches + other.voluntary_switches,
        involuntary_switches=first.involuntary_switches + other.involuntary_switches,
    )


def _queries(part: Participant, beginning: _Beginning) -> QueryCounts | None:
    """The target's statements. Where it is asked for several things, they are those of the one
    that needs the database, and of the others none are told.
    """
    if part.shared and part.workload in WITHOUT_DATABASE:
        return None
    return part.admin.counted_since(beginning.statements)


def _total(taken: Sequence[_CountedTurn], role: str) -> float:
    """CPU seconds of a role in all counted turns."""
    return sum(_difference(turn, role) for turn in taken)


def _difference(taken: _CountedTurn, role: str) -> float:
    return cast("float", getattr(taken.after, role) - getattr(taken.before, role))


def _cpu_times(taken: Sequence[_CountedTurn], app_cpu_s: float) -> CpuTimes:
    zero = CpuTotals(0.0, 0.0)
    moved = CpuTotals(
        busy_s=sum(turn.after.cpus.busy_s - turn.before.cpus.busy_s for turn in taken),
        steal_s=sum(turn.after.cpus.steal_s - turn.before.cpus.steal_s for turn in taken),
    )
    return cpu_times(zero, moved, app_cpu_s)


def _series(taken: Sequence[_CountedTurn]) -> TurnSeries:
    return TurnSeries(
        at_s=tuple(round(turn.at_s, 4) for turn in taken),
        duration_s=tuple(round(turn.turn.duration_s, 6) for turn in taken),
        succeeded=tuple(round(turn.turn.served, 3) for turn in taken),
        app_cpu_s=tuple(round(_difference(turn, "app_s"), 6) for turn in taken),
        database_cpu_s=tuple(round(_difference(turn, "database_s"), 6) for turn in taken),
    )
