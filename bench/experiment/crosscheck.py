"""The crosscheck: the lab's own generator and Locust put the same load on the same service."""

from collections.abc import Iterator
from dataclasses import replace

from bench.errors import UsageError
from bench.experiment.plan import Profile, make_plan, rows_to_load
from bench.experiment.schedule import NextStep, Step, first_missing
from bench.experiment.users import WORKLOAD
from bench.model import Crosscheck, OpenLoop, Pacing, Plan, RunRecord, Target, Users
from bench.workloads import WORKLOADS

USERS = 20
"""As many as a closed loop has connections by default. Each is idle for most of its period."""

DEFAULT_RATE_PER_S = 100.0
"""A fifth of what the slowest target can do on a common core: queues are short, p99 is told."""

WINDOW_S = 8.0


def crosscheck_plan(
    profile: Profile,
    targets: tuple[Target, ...],
    *,
    rate_per_s: float,
    seed: int,
    rounds: int | None = None,
) -> Plan:
    """The plan of a crosscheck. Its pacing is that of the lab's own generator; cells tell theirs.

    Raises UsageError when a number is out of range.
    """
    workload = WORKLOADS[WORKLOAD]
    plan = make_plan(
        profile,
        targets,
        (workload,),
        seed=seed,
        rounds=profile.rounds if rounds is None else rounds,
        pacing=OpenLoop(rate_per_s),
    )
    if rate_per_s < USERS / 10:
        raise UsageError(f"RATE={rate_per_s:g} is too low for {USERS} users", "Choose 2 or more.")
    plan = replace(plan, window_s=max(WINDOW_S, profile.window_s * 4, plan.window_s))
    # Users delete only what is theirs; the generator deletes loaded rows. Both find as many.
    rows = rows_to_load(plan, workload)[1]
    return replace(plan, rows=rows, study=Crosscheck())


def pacings(plan: Plan) -> tuple[Pacing, Pacing]:
    """The lab's own, and Locust's: users with a beat that together give the same rate."""
    assert isinstance(plan.pacing, OpenLoop)
    rate = plan.pacing.rate_per_s
    locust = Users(users=USERS, spawn_rate_per_s=float(USERS), throughput_per_s=rate / USERS)
    return plan.pacing, locust


def crosscheck_steps(plan: Plan) -> Iterator[Step]:
    """Both generators on every target in every round, the other one first on even rounds."""
    for number in range(1, plan.rounds + 1):
        order = pacings(plan)[:: 1 if number % 2 else -1]
        for target in plan.targets:
            for pacing in order:
                yield Step(number, WORKLOAD, (target,), pacing, plan.window_s, new_engine=True)


def next_of(record: RunRecord) -> NextStep:
    """The first step that has no cell yet."""
    return lambda cells: first_missing(crosscheck_steps(record.plan), cells)


def expected_cells(plan: Plan) -> int:
    """How many cells a crosscheck has."""
    return 2 * plan.rounds * len(plan.targets)
