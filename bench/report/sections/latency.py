"""Latency distributions. A run is either open or closed, so the two never share a plot."""

from collections.abc import Sequence

from bench.analysis.latency import HALF, MOST, Curve, curves
from bench.analysis.stored import StoredRun
from bench.model import ClosedLoop, OpenLoop, Pacing
from bench.report.html.document import Figure, Section, Sheet
from bench.report.look import looks_of
from bench.report.plots.nines import nines_plots
from bench.report.sending import sending_table
from bench.report.tables import Table, time_word

_COLUMNS = {HALF: "p50", 1.0: "p90", MOST: "p95", 2.0: "p99", 3.0: "p99.9", 4.0: "p99.99"}


def latency(run: StoredRun) -> Section | None:
    """A plot per operation on a nines axis. None for a study and where nothing was answered."""
    found = curves(run.series)
    if not found:
        return None
    pacing = run.record.plan.pacing
    word = time_word(pacing)
    title, lead = word.capitalize(), _lead(pacing)
    figure = Figure(
        nines_plots(found, looks_of(run), word),
        "Further left is better. The vertical axis counts nines, so that the tail gets the room. "
        "All rounds together; a line ends where fewer than 5 requests lie beyond. Marks: 50, 90, "
        "99, 99.9 %.",
        latency_table(found, word),
    )
    sending = sending_table(run.record)
    return Section("latency", title, (figure, *([Sheet(sending)] if sending else [])), lead)


def _lead(pacing: Pacing) -> str:
    match pacing:
        case ClosedLoop():
            return (
                "Closed loop: from sending to the last byte. The queue that real users would stand "
                "in is hidden. For latency, measure an open loop (RATE=)."
            )
        case OpenLoop():
            return "Open loop: from the moment a request was due to its last byte."
        case _ if time_word(pacing) == "latency":
            return "Users with a beat: from the moment a request was due to its last byte."
        case _:
            return "Users with pauses: what they waited, from sending to the last byte."


def latency_table(found: Sequence[Curve], word: str) -> Table:
    """The usual percentiles of every curve, in ms."""
    rows = []
    for curve in found:
        by_nines = {point.nines: point.seconds for point in curve.points}
        told = (by_nines.get(nines) for nines in _COLUMNS)
        rows.append(
            (
                curve.operation,
                curve.target,
                f"{curve.count:,}",
                *("–" if value is None else f"{value * 1e3:,.2f}" for value in told),
            )
        )
    return Table(
        title=f"{word.capitalize()} in ms",
        columns=("operation", "framework", "requests", *(f"{p} ms" for p in _COLUMNS.values())),
        rows=tuple(rows),
        numeric=(False, False, *([True] * (1 + len(_COLUMNS)))),
        caption="From the stored histograms of all rounds together.",
    )
