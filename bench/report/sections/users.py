"""Users of Locust: what they were answered, how that went over time, and who sent for them."""

from collections.abc import Sequence

from bench import histogram
from bench.analysis.series import Series, series
from bench.analysis.stored import StoredRun
from bench.analysis.users import PERCENTILES, users_over_time
from bench.model import Distribution, LocustWorker, Operation, RunRecord, Users, UsersResult
from bench.report.document import Block, Figure, Notes, Row, Section, Sheet, Table, TargetCell
from bench.report.plots.users import users_over_time_plots
from bench.report.style import styles_of
from bench.report.words import forbidden_words, marked
from bench.words import NO_FIGURE

MOST_ROWS = 12
"""Rows of the course for each window; the moments behind them are finer."""


def users(run: StoredRun) -> Section | None:
    """The course of every window, its operations and Locust's processes. None without users."""
    record, pacing = run.record, run.record.plan.pacing
    found = users_over_time(record)
    if not isinstance(pacing, Users) or not any(course.points for course in found):
        return None
    blocks: list[Block] = [
        Figure(
            users_over_time_plots(found, styles_of(run.record), pacing.time_word),
            "Each point is a slice of the window. Where it has too few requests to tell a "
            "percentile, there is none. Dashed: users.",
            users_over_time_table(record),
        ),
        Sheet(operations_table(record)),
        Sheet(
            workers_table(record),
            folded=not pacing.workers,
            extent="everywhere" if pacing.workers else "page",
        ),
    ]
    if notes := (*_failure_notes(record), *_sending_notes(record)):
        blocks.append(Notes(notes))
    lead = (
        f"{pacing.users} users of Locust. The rate follows from them and is no figure of the "
        "framework; what they waited is. Locust's own pages are in the run's folder, in locust/."
    )
    if record.plan.target_host:
        lead += (
            " What the services cost is seen only where they run: make locust-master on that "
            "machine."
        )
    return Section("users", "Users", tuple(blocks), lead)


def _ms(seconds: float | None) -> str:
    return NO_FIGURE if seconds is None else f"{seconds * 1e3:,.1f}"


def operations_table(record: RunRecord) -> Table:
    """Each operation of each framework: requests and exact percentiles over all rounds."""
    return Table(
        title="Operations",
        columns=("framework", "operation", "requests", "mean ms", "p50 ms", "p95 ms", "p99 ms"),
        rows=tuple(
            row for target_series in series(record) for row in _operation_rows(target_series)
        ),
        numeric=(False, False, *([True] * 5)),
        caption=(
            f"{record.plan.pacing.time_word.capitalize()} of successful requests, from exact "
            "times. Locust's own pages round them to two digits." + forbidden_words(series(record))
        ),
    )


_ORDER: tuple[Operation, ...] = ("list", "create", "read", "update", "delete")


def _operation_rows(target_series: Series) -> list[Row]:
    rows: list[Row] = []
    for operation in _ORDER:
        parts = [
            w.load.latency[operation] for w in target_series.usable if operation in w.load.latency
        ]
        if parts:
            rows.append((marked(target_series), operation, *time_cells(histogram.merge(parts))))
    return rows


def time_cells(times: Distribution) -> tuple[str, ...]:
    """Number, mean, p50, p95 and p99 in ms, as cells of a table; gaps where nothing was timed."""
    if not times.count:
        return ("0", *[NO_FIGURE] * (1 + len(PERCENTILES)))
    told = histogram.percentiles(times, PERCENTILES).values()
    return (f"{times.count:,}", _ms(times.mean_s), *map(_ms, told))


def users_over_time_table(record: RunRecord) -> Table:
    """How each window went, in a few rows."""
    found = users_over_time(record, MOST_ROWS)
    several = len({course.round for course in found}) > 1
    return Table(
        title="Over time",
        columns=(
            *("framework", "seconds", "users", "RPS", "failures/s"),
            *("p50 ms", "p95 ms", "p99 ms"),
        ),
        rows=tuple(
            (
                f"{course.target}, round {course.round}" if several else TargetCell(course.target),
                f"{point.from_s:.0f}-{point.to_s:.0f}",
                f"{point.users:,}",
                f"{point.rate_per_s:,.1f}",
                f"{point.failures_per_s:,.1f}",
                _ms(point.p50_s),
                _ms(point.p95_s),
                _ms(point.p99_s),
            )
            for course in found
            for point in course.points
        ),
        numeric=(False, *([True] * 7)),
        caption=f"Users: the most in that time. {NO_FIGURE}: too few requests to tell.",
    )


def workers_table(record: RunRecord) -> Table:
    """Locust's processes: what each sent, how busy it was, and whether it stayed to the end."""
    return table_of_workers(
        [
            (cell.target, users)
            for cell in record.cells
            for window in cell.phases
            if (users := window.load.users) is not None
        ]
    )


def table_of_workers(found: Sequence[tuple[str, UsersResult]]) -> Table:
    """A row for each of Locust's processes, by target."""
    return Table(
        title="Locust's processes",
        columns=("framework", "process", "requests", "CPU s", "busiest", "end"),
        rows=tuple(
            _worker_row(target, worker) for target, users in found for worker in users.workers
        ),
        numeric=(False, False, True, True, True, False),
        caption="Busiest: of one core, in the busiest ten seconds. Above 90 % times are Locust's.",
    )


def _worker_row(target: str, worker: LocustWorker) -> Row:
    busiest = worker.busiest_share
    lost = worker.lost_at_s
    return (
        TargetCell(target),
        worker.name,
        f"{worker.requests:,}",
        f"{worker.cpu_s:.1f}",
        NO_FIGURE if busiest is None else f"{busiest:.0%}",
        "stayed" if lost is None else f"LOST after {lost:.0f} s",
    )


def _failure_notes(record: RunRecord) -> list[str]:
    return [
        f"{target_series.target}: {count:,} x {reason}"
        for target_series in series(record)
        for window in target_series.windows
        for reason, count in window.load.failures.items()
    ]


def _sending_notes(record: RunRecord) -> list[str]:
    """How late users with a beat of their own were sending."""
    late = [
        p99_s
        for target_series in series(record)
        for window in target_series.windows
        if window.load.lateness and (p99_s := window.load.lateness.p99_s) is not None
    ]
    if not late:
        return []
    p99_ms = max(late) * 1e3
    return [f"Locust sent up to {p99_ms:.1f} ms late at p99; the latencies hold that too."]
