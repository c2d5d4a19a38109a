"""How a window with users went: their number, their rates and what they waited, over time."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench import histogram
from bench.model import Moment, RunRecord, UsersResult

FEWEST_POINTS = 6
_REQUESTS_FOR_P95 = 120
"""100, and what a slice may fall short of the average."""

PERCENTILES = (50.0, 95.0, 99.0)


@dataclass(frozen=True)
class UsersInterval:
    """One stretch of a window: its users, its rates, and percentiles in seconds.

    Percentiles are those of the moments together; None where the requests were too few to tell.
    """

    from_s: float
    to_s: float
    users: int
    rate_per_s: float
    failures_per_s: float
    p50_s: float | None
    p95_s: float | None
    p99_s: float | None


@dataclass(frozen=True)
class UsersOverTime:
    """How one window went: a target in one round, its stretches in order."""

    target: str
    round: int
    points: tuple[UsersInterval, ...]


def users_over_time(record: RunRecord, most_points: int = 60) -> tuple[UsersOverTime, ...]:
    """Users, rates and percentiles over time: every window with users, in the order measured.

    Moments are joined until a window has at most `most_points`, and on average enough requests in
    each to tell a p95, as far as that leaves a few points.
    """
    return tuple(
        UsersOverTime(
            cell.target, cell.round, points_of(users.moments, _points(users, most_points))
        )
        for cell in record.cells
        for window in cell.phases
        if (users := window.load.users) is not None
    )


def _points(users: UsersResult, most: int) -> int:
    requests = sum(moment.succeeded for moment in users.moments)
    return max(FEWEST_POINTS, min(most, requests // _REQUESTS_FOR_P95))


def points_of(moments: Sequence[Moment], most: int) -> tuple[UsersInterval, ...]:
    """The moments, joined to at most `most` stretches of nearly equal length."""
    size = max(1, -(-len(moments) // most))
    return tuple(_point(moments[at : at + size]) for at in range(0, len(moments), size))


def _point(moments: Sequence[Moment]) -> UsersInterval:
    from_s, to_s = moments[0].from_s, moments[-1].to_s
    latency = histogram.merge(moment.latency for moment in moments if moment.latency is not None)
    p50_s, p95_s, p99_s = histogram.percentiles(latency, PERCENTILES).values()
    length_s = max(to_s - from_s, 1e-9)
    return UsersInterval(
        from_s=from_s,
        to_s=to_s,
        users=max(moment.users for moment in moments),
        rate_per_s=sum(moment.succeeded for moment in moments) / length_s,
        failures_per_s=sum(moment.failed for moment in moments) / length_s,
        p50_s=p50_s,
        p95_s=p95_s,
        p99_s=p99_s,
    )
