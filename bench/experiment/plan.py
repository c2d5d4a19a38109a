"""Profiles, and the plan that a command line makes from them. Pure."""

import math
from dataclasses import dataclass
from typing import cast, get_args

from bench.errors import UsageError
from bench.histogram import SAMPLES_BEYOND
from bench.model import Arrivals, ClosedLoop, OpenLoop, Operation, Pacing, Plan, Target, Turns
from bench.workloads import OPERATIONS, WORKLOADS, Workload

DEFAULT_PROFILE = "quick"
DEFAULT_CONCURRENCY = 20
DEFAULT_ARRIVALS: Arrivals = "constant"
DEFAULT_REQUESTS = 500
DEFAULT_ROWS = 10_000
_FEWEST_ROWS = 1_000
"""Of a range: the first page of the list lies within the quarter of it that no mixture changes."""

_MORE_REQUESTS = 10
"""What the deck of a mixture may deal of one operation beyond its share, with room to spare."""

_SIGMAS = 5
"""So far random arrivals fall short of their mean, or exceed it, about once in a million times."""

_REQUESTS_FOR_P99 = 100 * SAMPLES_BEYOND


@dataclass(frozen=True)
class Profile:
    """How much patience a run has.

    `window_s` is what is counted of a target in a round, in a closed loop in turns of `turn_s`.
    With a `half_width`, rounds are added up to `rounds_limit` until every ratio is that narrow.
    """

    name: str
    title: str
    rounds: int
    window_s: float
    warm_up_min_s: float
    warm_up_max_s: float
    turn_s: float = 0.3
    rounds_limit: int = 0
    half_width: float | None = None
    cost_half_width: float | None = None


_ALL = (
    Profile("quick", "about 2 minutes for the default workloads", 6, 0.36, 0.1, 0.6, turn_s=0.18),
    Profile("standard", "about 5 minutes", 6, 1.5, 0.15, 0.8),
    Profile(
        "publish",
        "rounds are added until every ratio is known to 3 % (CPU per request: 2 %), 60 at most",
        *(10, 3.0, 0.2, 1.5),
        rounds_limit=60,
        half_width=0.03,
        cost_half_width=0.02,
    ),
)
LEAD_IN_S = 0.1
"""After so long nothing is left of a switch of targets: cold caches are forgotten after 25 ms, that
all connections ask at once not before 50 to 100 ms where a pool then opens more connections.
"""

ANSWERED_S = 0.002
"""A standard service takes 1 to 2 ms of its core for a request (a list up to 3.5): after so long
for each connection all of them, or the most, have been answered once.
"""
TIMES_COUNTED = 2.5
"""So many times as long is counted."""

PROFILES = {profile.name: profile for profile in _ALL}


def select_profile(name: str) -> Profile:
    """Raises UsageError on an unknown name, listing the known ones."""
    if name not in PROFILES:
        known = ", ".join(PROFILES)
        raise UsageError(f"unknown profile {name!r}", f"Known profiles: {known}.")
    return PROFILES[name]


def make_plan(
    profile: Profile,
    targets: tuple[Target, ...],
    workloads: tuple[Workload, ...],
    *,
    seed: int,
    rounds: int | None = None,
    requests: int | None = None,
    pacing: Pacing | None = None,
) -> Plan:
    """The plan of a run. Workloads default to the five operations.

    Raises UsageError when a number is out of range, or is given and would not be used.
    """
    _check_requests(requests, workloads)
    requests = DEFAULT_REQUESTS if requests is None else requests
    pacing = pacing or ClosedLoop(DEFAULT_CONCURRENCY)
    pacing.require_in_range()
    adaptive = rounds is None
    rounds = profile.rounds if rounds is None else rounds
    if rounds < 1 or requests < 1:
        raise UsageError("ROUNDS and REQUESTS must be at least 1")
    return Plan(
        profile=profile.name,
        targets=tuple(target.name for target in targets),
        workloads=tuple(workload.name for workload in workloads) or OPERATIONS,
        pacing=pacing,
        rounds=rounds,
        seed=seed,
        rows=DEFAULT_ROWS,
        window_s=max(profile.window_s, _fewest_s(pacing)),
        requests=requests,
        warm_up_min_s=profile.warm_up_min_s,
        warm_up_max_s=profile.warm_up_max_s,
        # A number of rounds that was asked for is meant.
        rounds_limit=profile.rounds_limit if adaptive else 0,
        half_width=profile.half_width if adaptive else None,
        cost_half_width=profile.cost_half_width if adaptive else None,
        turns=turns_for(pacing.connections, profile.turn_s) if pacing.takes_turns else None,
    )


def turns_for(connections: int, turn_s: float) -> Turns:
    """Turns of `turn_s`, or longer where so many connections are not answered once in that time:
    what is counted would be how a service begins with all of them at once.
    """
    answered_s = connections * ANSWERED_S
    return Turns(max(turn_s, TIMES_COUNTED * answered_s), max(LEAD_IN_S, answered_s))


def require_one_window(workload: Workload) -> None:
    """Raises UsageError for a scenario of several phases: a study needs one figure per cell."""
    if workload.is_scenario:
        raise UsageError(
            f"the workload {workload.name} is a scenario of several phases",
            "Choose one operation, e.g. WORKLOAD=read, or WORKLOAD=mixed.",
        )


def window_for_p99_s(rate_per_s: float) -> float:
    """How long requests must arrive at this rate until there are enough for a p99, to 0.1 s.

    Enough also where arrivals are random and fewer have come by chance.
    """
    wanted = _REQUESTS_FOR_P99 + _SIGMAS * math.sqrt(_REQUESTS_FOR_P99)
    return math.ceil(10 * wanted / rate_per_s) / 10


def _fewest_s(pacing: Pacing) -> float:
    """An open loop is compared by its p99, so each of its windows has to have one."""
    return 0.0 if pacing.offered_per_s is None else window_for_p99_s(pacing.offered_per_s)


def _check_requests(requests: int | None, workloads: tuple[Workload, ...]) -> None:
    """A number of requests ends the phases of `crud`; time ends all others."""
    counted = any(phase.counted for workload in workloads for phase in workload.phases(1, 2))
    if requests is not None and not counted:
        raise UsageError(
            "REQUESTS is for the phases of crud alone: time ends all other windows",
            "Say WORKLOAD=crud too, or leave REQUESTS out. PROFILE=standard has longer windows.",
        )


def pacing_from(
    rate_per_s: float | None = None,
    concurrency: int | None = None,
    arrivals: str = "",
    *,
    usual: int = DEFAULT_CONCURRENCY,
) -> Pacing:
    """An open loop when a rate is given, a closed loop otherwise, with the `usual` number of
    connections where none is given.

    Raises UsageError on unknown arrivals, and for what would be ignored.
    """
    known = get_args(Arrivals)
    if arrivals and arrivals not in known:
        raise UsageError(f"unknown arrivals {arrivals!r}", f"Known arrivals: {', '.join(known)}.")
    if rate_per_s is None:
        if arrivals:
            raise UsageError(
                "ARRIVALS says how the requests of an open loop come, and a closed loop waits",
                "Say RATE= too, or leave ARRIVALS out.",
            )
        return ClosedLoop(usual if concurrency is None else concurrency)
    if concurrency is not None:
        raise UsageError(
            "RATE and CONCURRENCY exclude each other: an open loop has no number of connections",
            "Leave one of them out.",
        )
    return OpenLoop(rate_per_s, cast("Arrivals", arrivals or DEFAULT_ARRIVALS))


def rows_to_load(
    plan: Plan, workload: Workload, ceiling_per_s: float | None = None
) -> tuple[int, int]:
    """(rows for the warm-up, rows in all) of a cell.

    The two ranges are disjoint where rows are deleted, so that the window finds its rows. Users
    delete only what they have created. `ceiling_per_s` is what the generator can ask for: in a
    closed loop nobody else knows how many rows will be used up. Raises ValueError when it is
    missing there.
    """
    if not workload.deletes or not plan.pacing.is_the_labs:
        return plan.rows, plan.rows
    warm_up, window = (
        max(_FEWEST_ROWS, math.ceil(workload.rows_per_request * most))
        for most in (
            _most_requests(plan.pacing, seconds, ceiling_per_s)
            for seconds in (plan.warm_up_max_s, _asked_s(plan))
        )
    )
    return warm_up, max(plan.rows, warm_up + window)


def _asked_s(plan: Plan) -> float:
    """How long a target is asked in one round of a workload, lead-ins included."""
    if plan.turns is None:
        return plan.window_s
    passes = plan.turns.needed_for(plan.window_s)
    return passes * (plan.turns.turn_s + plan.turns.lead_in_s)


def _most_requests(pacing: Pacing, seconds: float, ceiling_per_s: float | None) -> float:
    if pacing.offered_per_s is not None:
        mean = pacing.offered_per_s * seconds
        return mean + _SIGMAS * math.sqrt(mean) + _MORE_REQUESTS
    if ceiling_per_s is None:
        raise ValueError("a closed loop that deletes needs the generator's ceiling")
    # A power of two: it stays the same from run to run though the ceiling scatters, and cells of
    # two runs that are compared start from as many rows.
    return 2.0 ** math.ceil(math.log2(ceiling_per_s)) * seconds


def kinds_of_requests(plan: Plan) -> tuple[Operation, ...]:
    """What stands for a plan's requests where the generator's ceiling is measured: reads for all
    that are small, and for how many rows may be used up; creating for those with a body; lists,
    whose answers are long.
    """
    asked = frozenset[Operation]().union(*(WORKLOADS[name].operations for name in plan.workloads))
    with_body = not asked.isdisjoint(("create", "update", "echo"))
    return ("read", *(("create",) if with_body else ()), *(("list",) if "list" in asked else ()))
