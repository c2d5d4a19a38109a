"""The sweep: one workload at rising concurrency, in rounds like any other measurement."""

import random
from collections.abc import Iterator
from dataclasses import replace

from bench.experiment.plan import Profile, make_plan, require_one_window, turns_for
from bench.experiment.schedule import NextStep, Step, first_missing, together
from bench.model import ClosedLoop, Plan, RunRecord, Sweep, Target
from bench.workloads import Workload

LEVELS = (1, 2, 4, 8, 16, 32, 64, 128)


def sweep_plan(
    profile: Profile,
    targets: tuple[Target, ...],
    workload: Workload,
    *,
    seed: int,
    rounds: int | None = None,
) -> Plan:
    """The plan of a sweep. A round has a cell per level, so it has half of the profile's rounds.

    None are added: what a sweep finds is a law, fitted to all rounds with its own errors, and no
    ratio whose interval could be awaited. Its pacing is that of the highest level; each cell tells
    its own. Raises UsageError for a workload of several phases or a number out of range.
    """
    require_one_window(workload)
    plan = make_plan(
        profile,
        targets,
        (workload,),
        seed=seed,
        rounds=max(1, profile.rounds // 2) if rounds is None else rounds,
        pacing=ClosedLoop(max(LEVELS)),
    )
    # Each level has turns that suit it.
    return replace(plan, study=Sweep(LEVELS), turns=turns_for(1, profile.turn_s))


def sweep_steps(plan: Plan) -> Iterator[Step]:
    """Every cell of every round.

    Within a round the levels come in a fresh seeded order, so that no level always has the warm
    or the quiet minute. A level's targets take turns.
    """
    assert isinstance(plan.study, Sweep)
    (workload,) = plan.workloads
    for number in range(1, plan.rounds + 1):
        levels = list(plan.study.levels)
        random.Random(f"{plan.seed}/{number}").shuffle(levels)
        targets = plan.targets if number % 2 else tuple(reversed(plan.targets))
        for level in levels:
            turns = turns_for(level, plan.turns.turn_s) if plan.turns else None
            for group in together(targets, turns):
                yield Step(number, workload, group, ClosedLoop(level), plan.window_s, turns)


def next_of(record: RunRecord) -> NextStep:
    """The first step that has no cell yet."""
    return lambda cells: first_missing(sweep_steps(record.plan), cells)
