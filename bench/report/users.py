"""A run of Locust: what its users were answered, how that went over time, and what it cost."""

from collections.abc import Sequence

from bench import histogram
from bench.analysis.diagnostics.collected import diagnostics_of
from bench.analysis.series import Series, series
from bench.analysis.stored import StoredRun
from bench.analysis.users import PERCENTILES, courses
from bench.metrics import METRICS
from bench.model import (
    Distribution,
    Elsewhere,
    LoadResult,
    LocustWorker,
    Operation,
    RunRecord,
    Users,
    UsersResult,
)
from bench.report.facts import machine_line, placement_line, provenance_lines, state_line
from bench.report.page import Page
from bench.report.tables import (
    Table,
    cost_table,
    forbidden_words,
    marked_name,
    speed_table,
    time_word,
    use_table,
)
from bench.report.verdicts import verdict_tables
from bench.words import NO_FIGURE

MOST_ROWS = 12
"""Rows of the course for each window; the moments behind them are finer."""


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
            rows.append((marked_name(one), operation, *_time_words(histogram.merge(parts))))
    return rows


def _time_words(times: Distribution) -> tuple[str, ...]:
    if not times.count:
        return ("0", *[NO_FIGURE] * (1 + len(PERCENTILES)))
    told = histogram.percentiles(times, PERCENTILES).values()
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
            _workers_table([(one.target, one.load.users) for one in found.uses if one.load.users])
        )
    return Page(
        title=f"Users of {found.target_host}, {found.run_id}",
        lead=(f"Each framework for {found.window_s:g} s, seed {found.seed}.",),
        tables=tuple(tables),
        diagnostics=tuple((one, 1) for use in found.uses for one in use.diagnostics),
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
            (cell.target, users)
            for cell in record.cells
            for window in cell.phases
            if (users := window.load.users) is not None
        ]
    )


def _workers_table(found: Sequence[tuple[str, UsersResult]]) -> Table:
    return Table(
        title="Locust's processes",
        columns=("framework", "process", "requests", "CPU s", "busiest", "end"),
        rows=tuple(
            _worker_row(target, worker) for target, users in found for worker in users.workers
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


def users_page(run: StoredRun) -> Page:
    """The report of a run with users."""
    record = run.record
    pacing = record.plan.pacing
    assert isinstance(pacing, Users)
    several_rounds = len({cell.round for cell in record.cells}) > 1
    tables = [
        speed_table(record),
        cost_table(record),
        use_table(record),
        operations_table(record),
    ]
    if several_rounds:
        tables.extend(verdict_tables(record))
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
        diagnostics=diagnostics_of(run),
        facts=tuple(provenance_lines(record)),
    )
