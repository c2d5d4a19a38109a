"""Profiles, and the plan that a command line makes from them. Pure."""

from dataclasses import dataclass

from bench.errors import UsageError
from bench.model import ClosedLoop, Pacing, Plan, Target
from bench.workloads import OPERATIONS, Workload

DEFAULT_CONCURRENCY = 20
DEFAULT_REQUESTS = 500
DEFAULT_ROWS = 10_000
# More than any target here can delete in a second on one core; a delete cell needs its rows first.
DELETES_PER_S = 4_000


@dataclass(frozen=True)
class Profile:
    """How much patience a run has."""

    name: str
    title: str
    rounds: int
    window_s: float
    warm_up_min_s: float
    warm_up_max_s: float


_ALL = (
    Profile("quick", "about 2 minutes for the default workloads", 4, 1.0, 0.4, 1.0),
    Profile("standard", "about 10 minutes", 8, 3.0, 0.6, 2.0),
)
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
    requests: int = DEFAULT_REQUESTS,
    pacing: Pacing | None = None,
) -> Plan:
    """The plan of a run. Workloads default to the five operations.

    Raises UsageError when a number is out of range.
    """
    pacing = pacing or ClosedLoop(DEFAULT_CONCURRENCY)
    if isinstance(pacing, ClosedLoop) and not 1 <= pacing.concurrency <= 1000:
        raise UsageError(f"CONCURRENCY={pacing.concurrency} is out of range", "Choose 1 to 1000.")
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
        window_s=profile.window_s,
        requests=requests,
        warm_up_min_s=profile.warm_up_min_s,
        warm_up_max_s=profile.warm_up_max_s,
    )


def rows_to_load(plan: Plan, workload: Workload) -> tuple[int, int]:
    """(rows for the warm-up, rows in all) of a cell.

    The two ranges are disjoint where rows are deleted, so that the window finds its rows.
    """
    if not workload.deletes:
        return plan.rows, plan.rows
    warm_up = int(plan.warm_up_max_s * DELETES_PER_S)
    return warm_up, max(plan.rows, warm_up + int(plan.window_s * DELETES_PER_S))
