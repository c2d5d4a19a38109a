"""The plan of an A/B, and how it goes on: rounds up to the next look, until all is decided."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import cast, get_args

from bench.analysis.studies.ab import is_settled, study_of, whole_rounds
from bench.errors import UsageError
from bench.experiment.plan import Profile, make_plan, turns_for
from bench.experiment.schedule import NextStep, Step, first_missing, steps_of_round
from bench.model import AB, CellResult, FailOn, Pacing, Plan, RunRecord, Side, Target
from bench.stats.looks import next_look
from bench.workloads import Workload

LOOKS: Mapping[str, tuple[int, ...]] = {
    "quick": (8, 12),
    "standard": (8, 12, 18, 27),
    "publish": (8, 12, 18, 27, 40, 60),
}
"""After how many rounds a profile looks. Each look has half as many again as the one before."""

WINDOW_S = 0.9
"""What is counted of each side in a round, in three turns. A full collection of garbage takes 20 to
45 ms of a service, and comes once more or less in any stretch: that is a tenth of 0.36 s.
"""

TURN_S = 0.3
"""Shorter than most disturbances last, which both sides then share."""

DEFAULT_THRESHOLD = 0.02


def ab_plan(
    profile: Profile,
    workloads: tuple[Workload, ...],
    targets: tuple[Target, ...],
    sides: tuple[Side, ...],
    *,
    seed: int,
    rounds: int | None = None,
    pacing: Pacing | None = None,
    requests: int | None = None,
    threshold: float = DEFAULT_THRESHOLD,
    fail_on: str = "",
    asked: Mapping[str, str] | None = None,
) -> Plan:
    """The plan of an A/B of these sides, which are the `targets`.

    `rounds` asks for one look, after so many. Raises UsageError when something is out of range.
    """
    known = get_args(FailOn)
    if fail_on and fail_on not in known:
        raise UsageError(f"unknown FAIL_ON={fail_on}", f"It is {' or '.join(known)}.")
    if not (math.isfinite(threshold) and 0 < threshold < 1):
        raise UsageError(f"THRESHOLD={threshold:g} is out of range", "It is a share: 0.02 is 2 %.")
    if rounds is not None and rounds < 2:
        raise UsageError(f"ROUNDS={rounds} has no interval", "It takes at least 2 rounds.")
    looks = LOOKS[profile.name] if rounds is None else (rounds,)
    plan = make_plan(
        profile, targets, workloads, seed=seed, rounds=looks[0], requests=requests, pacing=pacing
    )
    if plan.turns:
        turns = turns_for(plan.pacing.connections, TURN_S)
        plan = replace(plan, window_s=WINDOW_S, turns=turns)
    study = AB(
        sides,
        looks,
        threshold,
        fail_on=cast("FailOn", fail_on or "undecided"),
        asked=asked or {},
    )
    return replace(plan, rounds_limit=looks[-1] if len(looks) > 1 else 0, study=study)


def next_of(record: RunRecord) -> NextStep:
    """The first step that is not finished of the rounds up to the next look; none when all is
    settled at a look, or after the last one.
    """
    plan, looks = record.plan, study_of(record).looks

    def next_step(cells: Sequence[CellResult]) -> Step | None:
        seen = replace(record, cells=tuple(cells))
        done = whole_rounds(seen)
        if next_look(done, looks) is None or (done in looks and is_settled(seen)):
            return None
        return first_missing(steps_of_round(plan, done + 1), cells)

    return next_step


def expected_cells(plan: Plan) -> int:
    """How many cells there are up to the first look."""
    return plan.rounds * len(plan.targets) * len(plan.workloads)
