"""The search for the highest rate that holds a latency objective, one trial per cell."""

import math
from collections.abc import Sequence
from dataclasses import replace

from bench.analysis.studies.saturation import outcome
from bench.errors import UsageError
from bench.experiment.plan import (
    DEFAULT_CONCURRENCY,
    Profile,
    make_plan,
    pacing_from,
    require_one_window,
    window_for_p99_s,
)
from bench.experiment.schedule import NextStep, Step
from bench.model import CellResult, ClosedLoop, OpenLoop, Plan, RunRecord, Saturation, Target
from bench.workloads import Workload

_LONGEST_FOR_QUEUE_S = 30.0
_TYPICAL_CELLS = 12


def make_saturation(objective_ms: float, arrivals: str) -> Saturation:
    """What is searched for. Raises UsageError on unknown arrivals or an objective out of range."""
    if not 1 <= objective_ms <= 10_000:
        raise UsageError(f"OBJECTIVE_MS={objective_ms:g} is out of range", "Choose 1 to 10000.")
    pacing = pacing_from(1.0, arrivals=arrivals)
    assert isinstance(pacing, OpenLoop)
    return Saturation(objective_ms / 1e3, pacing.arrivals, DEFAULT_CONCURRENCY)


def saturation_plan(
    profile: Profile,
    targets: tuple[Target, ...],
    workload: Workload,
    study: Saturation,
    *,
    seed: int,
) -> Plan:
    """The plan of a search. The trials decide how many rounds there are; its pacing is that of
    the cells which it starts from. Raises UsageError for a workload of several phases.
    """
    require_one_window(workload)
    pacing = ClosedLoop(DEFAULT_CONCURRENCY)
    plan = make_plan(profile, targets, (workload,), seed=seed, rounds=1, pacing=pacing)
    return replace(plan, study=study)


def trial_window_s(plan: Plan, study: Saturation, rate_per_s: float) -> float:
    """How long a trial takes: long enough for a p99, and for a queue to show.

    At a rate that is just one tolerance too high, a queue grows by `tolerance` seconds each
    second: after objective / tolerance seconds it is as long as the objective.
    """
    queue_s = min(1.2 * study.objective_s / study.tolerance, _LONGEST_FOR_QUEUE_S)
    return max(plan.window_s, queue_s, window_for_p99_s(rate_per_s))


def next_of(record: RunRecord) -> NextStep:
    """First the capacity of each target, then its trials; targets take turns.

    A target's n-th cell has round n. Even rounds take the targets in reverse.
    """
    plan = record.plan

    def next_step(cells: Sequence[CellResult]) -> Step | None:
        waiting = []
        for place, target in enumerate(plan.targets):
            step = _step_of(plan, target, cells)
            if step is not None:
                turn = place if step.round % 2 else -place
                waiting.append((step.round, turn, step))
        return min(waiting, key=lambda each: each[:2])[2] if waiting else None

    return next_step


def _step_of(plan: Plan, target: str, cells: Sequence[CellResult]) -> Step | None:
    """What comes next for one target. Each step has a new engine: the connections that an
    overload leaves open would hold the server's places, and the next step would find it full.
    """
    study = plan.study
    assert isinstance(study, Saturation)
    (workload,) = plan.workloads
    mine = [cell for cell in cells if cell.target == target]
    number = len(mine) + 1
    if not mine:
        capacity = ClosedLoop(study.concurrency)
        return Step(number, workload, (target,), capacity, plan.window_s, new_engine=True)
    rate = outcome(study, target, mine).next_per_s
    if rate is None:
        return None
    window_s = math.ceil(10 * trial_window_s(plan, study, rate)) / 10
    pacing = OpenLoop(rate, study.arrivals)
    return Step(number, workload, (target,), pacing, window_s, new_engine=True)


def expected_cells(plan: Plan) -> int:
    """About how many cells it will take; the trials decide."""
    return _TYPICAL_CELLS * len(plan.targets)
