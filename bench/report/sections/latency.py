"""Latency distributions. A run is either open or closed, so the two never share a plot."""

from collections.abc import Sequence

from bench.analysis.latency import HALF, MOST, Curve, curves
from bench.analysis.series import Series, series
from bench.analysis.stored import StoredRun
from bench.metrics import METRICS
from bench.model import RunRecord
from bench.report.document import Figure, Row, Section, Sheet, Table, TargetCell
from bench.report.plots.percentiles import nines_plots
from bench.report.style import styles_of
from bench.words import NO_FIGURE

_COLUMNS = {HALF: "p50", 1.0: "p90", MOST: "p95", 2.0: "p99", 3.0: "p99.9", 4.0: "p99.99"}
_SENDING = ("late_p50", "late_p99", "late_max", "late", "unsent")


def latency(run: StoredRun) -> Section | None:
    """A plot per operation on a nines axis. None for a study and where nothing was answered."""
    found = curves(run.series)
    if not found:
        return None
    pacing = run.record.plan.pacing
    word = pacing.time_word
    title, lead = word.capitalize(), pacing.time_told
    distributions = Figure(
        nines_plots(found, styles_of(run.record), word),
        "Further left is better. The vertical axis counts nines, so that the tail gets the room. "
        "All rounds together; a line ends where fewer than 5 requests lie beyond. Marks: 50, 90, "
        "99, 99.9 %.",
        latency_table(found, word),
        extent="page",
    )
    sending = sending_table(run.record)
    return Section("latency", title, (distributions, *([Sheet(sending)] if sending else [])), lead)


def latency_table(found: Sequence[Curve], word: str) -> Table:
    """The usual percentiles of every curve, in ms."""
    rows: list[Row] = []
    for curve in found:
        by_nines = {point.nines: point.seconds for point in curve.points}
        told = (by_nines.get(nines) for nines in _COLUMNS)
        rows.append(
            (
                curve.operation,
                TargetCell(curve.target),
                f"{curve.count:,}",
                *(NO_FIGURE if value is None else f"{value * 1e3:,.2f}" for value in told),
            )
        )
    return Table(
        title=f"{word.capitalize()} in ms",
        columns=("operation", "framework", "requests", *(f"{p} ms" for p in _COLUMNS.values())),
        rows=tuple(rows),
        numeric=(False, False, *([True] * (1 + len(_COLUMNS)))),
        caption="From the stored histograms of all rounds together.",
    )


def sending_table(record: RunRecord) -> Table | None:
    """How late requests were sent, and how many were not. None where nothing had a schedule."""
    found = tuple(
        target_series
        for target_series in series(record)
        if any(window.load.lateness is not None for window in target_series.windows)
    )
    if not found:
        return None
    return Table(
        title="Sending",
        columns=(
            *("operation", "framework", "late p50 ms", "late p99 ms", "late max ms"),
            *("late", "unsent"),
        ),
        rows=tuple(map(_sending_row, found)),
        numeric=(False, False, *([True] * len(_SENDING))),
        caption=(
            "How far the generator was behind its own schedule, over all rounds: latencies hold "
            "that too. Late: requests sent more than 1 ms after they were due. Unsent: due and "
            "never sent."
        ),
    )


def _sending_row(found: Series) -> Row:
    figures = (METRICS[name] for name in _SENDING)
    told = (metric.format(metric.value(found.windows)) for metric in figures)
    return (found.title, TargetCell(found.target), *told)
