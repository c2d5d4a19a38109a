"""The plan of an A/B, and how it goes on: rounds up to the next look, until all is decided."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import cast, get_args

from bench.analysis.studies.ab import is_settled, study_of, whole_rounds
from bench.errors import UsageError
from bench.experiment.plan import Profile, make_plan, turns_for
from bench.experiment.schedule import NextStep, Step, first_missing, steps_of_round
from bench.model import (
    AB,
    CellResult,
    ClosedLoop,
    FailOn,
    Pacing,
    Plan,
    RunRecord,
    Side,
    Target,
    Turns,
)
from bench.stats.looks import next_look
from bench.workloads import Workload

LOOKS: Mapping[str, tuple[int, ...]] = {
    "quick": (5, 8),
    "standard": (5, 8, 12, 18),
    "publish": (5, 8, 12, 18, 27, 40),
}
"""After how many rounds a profile looks. Each look has half as many again as the one before."""

TURNS = Turns(turn_s=0.08, lead_in_s=0.02)
"""Shorter than a virtual machine's neighbours leave a core at one speed, so that both sides have as
much of each. Caches are cold for the first 25 ms after a switch, ever less so.
"""

WINDOW_S = 13 * TURNS.turn_s
"""What is counted of each side in a round. A full collection of garbage takes 20 to 45 ms of a
service, and comes once more or less in any stretch: that is a tenth of 0.36 s. More in each round
leaves time for fewer rounds.
"""

CONNECTIONS = 4
"""They keep the app's core busy for 93 to 99 %. After each turn all of them are answered twice, in
time that counts for nobody: with eight a turn would take a tenth longer.
"""

TURN_OF_MANY_S = 0.3
"""Of more connections than these, as in a bench."""

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
    pacing = pacing or ClosedLoop(CONNECTIONS)
    plan = make_plan(
        profile, targets, workloads, seed=seed, rounds=looks[0], requests=requests, pacing=pacing
    )
    if plan.turns:
        plan = replace(plan, window_s=WINDOW_S, turns=_turns(pacing.connections))
    study = AB(
        sides,
        looks,
        threshold,
        fail_on=cast("FailOn", fail_on or "undecided"),
        asked=asked or {},
    )
    return replace(plan, rounds_limit=looks[-1] if len(looks) > 1 else 0, study=study)


def _turns(connections: int) -> Turns:
    return TURNS if connections <= CONNECTIONS else turns_for(connections, TURN_OF_MANY_S)


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
