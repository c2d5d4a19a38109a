"""A run of Locust: what its users were answered, how that went over time, and what it cost."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench import histogram
from bench.metrics import METRICS
from bench.model import (
    Crowd,
    Distribution,
    Elsewhere,
    LoadResult,
    LocustWorker,
    Moment,
    Operation,
    RunRecord,
    Users,
)
from bench.report.facts import machine_line, placement_line, provenance_lines, state_line
from bench.report.material import Material
from bench.report.measures import NO_FIGURE
from bench.report.page import Page
from bench.report.tables import (
    Series,
    Table,
    cost_table,
    forbidden_words,
    series,
    speed_table,
    time_word,
    use_table,
)
from bench.report.verdicts import verdict_table
from bench.report.warnings import doubts

MOST_ROWS = 12
"""Rows of the course for each window; the moments behind them are finer."""

FEWEST_POINTS = 6
_REQUESTS_FOR_P95 = 120
"""100, and what a slice may fall short of the average."""

_PERCENTILES = (50.0, 95.0, 99.0)


@dataclass(frozen=True)
class Point:
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
class Course:
    """How one window went: a target in one round, its stretches in order."""

    target: str
    round: int
    points: tuple[Point, ...]


def courses(record: RunRecord, most_points: int = 60) -> tuple[Course, ...]:
    """Users, rates and percentiles over time: every window with users, in the order measured.

    Moments are joined until a window has at most `most_points`, and on average enough requests in
    each to tell a p95, as far as that leaves a few points.
    """
    return tuple(
        Course(cell.target, cell.round, points_of(crowd.moments, _points(crowd, most_points)))
        for cell in record.cells
        for window in cell.phases
        if (crowd := window.load.crowd) is not None
    )


def _points(crowd: Crowd, most: int) -> int:
    requests = sum(one.succeeded for one in crowd.moments)
    return max(FEWEST_POINTS, min(most, requests // _REQUESTS_FOR_P95))


def points_of(moments: Sequence[Moment], most: int) -> tuple[Point, ...]:
    """The moments, joined to at most `most` stretches of nearly equal length."""
    size = max(1, -(-len(moments) // most))
    return tuple(_point(moments[at : at + size]) for at in range(0, len(moments), size))


def _point(moments: Sequence[Moment]) -> Point:
    from_s, to_s = moments[0].from_s, moments[-1].to_s
    latency = histogram.merge(one.latency for one in moments if one.latency is not None)
    p50_s, p95_s, p99_s = histogram.percentiles(latency, _PERCENTILES).values()
    length_s = max(to_s - from_s, 1e-9)
    return Point(
        from_s=from_s,
        to_s=to_s,
        users=max(one.users for one in moments),
        rate_per_s=sum(one.succeeded for one in moments) / length_s,
        failures_per_s=sum(one.failed for one in moments) / length_s,
        p50_s=p50_s,
        p95_s=p95_s,
        p99_s=p99_s,
    )


# --- tables -----------------------------------------------------------------------------------


def _ms(seconds: float | None) -> str:
    return NO_FIGURE if seconds is None else f"{seconds * 1e3:,.1f}"


def operations_table(record: RunRecord) -> Table:
    """Each operation of each framework: requests and exact percentiles over all rounds."""
    return Table(
        title="Operations",
        columns=("framework", "operation", "requests", "mean ms", "p50 ms", "p95 ms", "p99 ms"),
        rows=tuple(row for one in series(record) for row in _operation_rows(one)),
        numeric=(False, False, *([True] * 5)),
        caption=(
            f"{time_word(record.plan.pacing).capitalize()} of successful requests, from exact "
            "times. Locust's own pages round them to two digits." + forbidden_words(series(record))
        ),
    )


_ORDER: tuple[Operation, ...] = ("list", "create", "read", "update", "delete")


def _operation_rows(one: Series) -> list[tuple[str, ...]]:
    rows = []
    for operation in _ORDER:
        parts = [w.load.latency[operation] for w in one.usable if operation in w.load.latency]
        if parts:
            rows.append((one.name, operation, *_time_words(histogram.merge(parts))))
    return rows


def _time_words(times: Distribution) -> tuple[str, ...]:
    if not times.count:
        return ("0", *[NO_FIGURE] * (1 + len(_PERCENTILES)))
    told = histogram.percentiles(times, _PERCENTILES).values()
    return (f"{times.count:,}", _ms(times.mean_s), *map(_ms, told))


def _elsewhere_table(found: Elsewhere) -> Table:
    """What can be told without the services' costs: one row for each framework."""
    return Table(
        title="Users",
        columns=(
            *("framework", "RPS", "success", "failures"),
            *("mean ms", "p50 ms", "p95 ms", "p99 ms"),
        ),
        rows=tuple((one.target, *_load_words(one.load)) for one in found.uses),
        numeric=(False, *([True] * 7)),
        caption=(
            f"{time_word(found.pacing).capitalize()} of successful requests. What the services "
            "cost is seen only where they run: make locust-master on that machine."
        ),
    )


def _load_words(load: LoadResult) -> tuple[str, ...]:
    return (
        METRICS["rate"].format(load.rate_per_s),
        f"{load.succeeded:,}/{load.succeeded + load.failed:,}",
        f"{load.failed:,}",
        *_time_words(histogram.merge(load.latency.values()))[1:],
    )


def elsewhere_page(found: Elsewhere) -> Page:
    """What users were answered by services on another machine."""
    tables = [_elsewhere_table(found)]
    if found.pacing.workers:
        tables.append(
            _workers_table([(one.target, one.load.crowd) for one in found.uses if one.load.crowd])
        )
    return Page(
        title=f"Users of {found.target_host}, {found.run_id}",
        lead=(f"Each framework for {found.window_s:g} s, seed {found.seed}.",),
        tables=tuple(tables),
        warnings=tuple((one, 1) for use in found.uses for one in use.warnings),
    )


def course_table(record: RunRecord) -> Table:
    """How each window went, in a few rows."""
    found = courses(record, MOST_ROWS)
    several = len({one.round for one in found}) > 1
    return Table(
        title="Over time",
        columns=(
            *("framework", "seconds", "users", "RPS", "failures/s"),
            *("p50 ms", "p95 ms", "p99 ms"),
        ),
        rows=tuple(
            (
                f"{one.target}, round {one.round}" if several else one.target,
                f"{point.from_s:.0f}-{point.to_s:.0f}",
                f"{point.users:,}",
                f"{point.rate_per_s:,.1f}",
                f"{point.failures_per_s:,.1f}",
                _ms(point.p50_s),
                _ms(point.p95_s),
                _ms(point.p99_s),
            )
            for one in found
            for point in one.points
        ),
        numeric=(False, *([True] * 7)),
        caption=f"Users: the most in that time. {NO_FIGURE}: too few requests to tell.",
    )


def workers_table(record: RunRecord) -> Table:
    """Locust's processes: what each sent, how busy it was, and whether it stayed to the end."""
    return _workers_table(
        [
            (cell.target, crowd)
            for cell in record.cells
            for window in cell.phases
            if (crowd := window.load.crowd) is not None
        ]
    )


def _workers_table(crowds: Sequence[tuple[str, Crowd]]) -> Table:
    return Table(
        title="Locust's processes",
        columns=("framework", "process", "requests", "CPU s", "busiest", "end"),
        rows=tuple(
            _worker_row(target, worker) for target, crowd in crowds for worker in crowd.workers
        ),
        numeric=(False, False, True, True, True, False),
        caption="Busiest: of one core, in the busiest ten seconds. Above 90 % times are Locust's.",
    )


def _worker_row(target: str, worker: LocustWorker) -> tuple[str, ...]:
    busiest = worker.busiest_share
    lost = worker.lost_at_s
    return (
        target,
        worker.name,
        f"{worker.requests:,}",
        f"{worker.cpu_s:.1f}",
        NO_FIGURE if busiest is None else f"{busiest:.0%}",
        "stayed" if lost is None else f"LOST after {lost:.0f} s",
    )


def _failure_notes(record: RunRecord) -> list[str]:
    return [
        f"{one.target}: {count:,} x {reason}"
        for one in series(record)
        for window in one.windows
        for reason, count in window.load.failures.items()
    ]


def _sending_notes(record: RunRecord) -> list[str]:
    """How late users with a beat of their own were sending."""
    late = [
        p99_s
        for one in series(record)
        for window in one.windows
        if window.load.lateness and (p99_s := window.load.lateness.p99_s) is not None
    ]
    if not late:
        return []
    p99_ms = max(late) * 1e3
    return [f"Locust sent up to {p99_ms:.1f} ms late at p99; the latencies hold that too."]


def crowd_page(material: Material) -> Page:
    """The report of a run with users."""
    record = material.record
    pacing = record.plan.pacing
    assert isinstance(pacing, Users)
    several_rounds = len({cell.round for cell in record.cells}) > 1
    tables = [
        speed_table(record),
        cost_table(record),
        use_table(record),
        operations_table(record),
    ]
    if several_rounds and len(record.plan.targets) > 1:
        tables.append(verdict_table(record))
    tables.append(course_table(record))
    if pacing.workers:
        tables.append(workers_table(record))
    return Page(
        title=f"Users {record.run_id}",
        lead=(
            state_line(record),
            f"Each framework for {record.plan.window_s:g} s; "
            f"{METRICS['rate'].title} follow from the users, not from what it could do.",
            machine_line(record),
            placement_line(record),
        ),
        tables=tuple(tables),
        notes=(*_failure_notes(record), *_sending_notes(record)),
        warnings=doubts(material),
        facts=tuple(provenance_lines(record)),
    )
