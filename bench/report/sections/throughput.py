"""The main figure of every operation: rates of a closed loop, p99 latencies of an open loop."""

from bench.analysis.measures import RATE, RESPONSE, measures_of
from bench.analysis.stored import StoredRun
from bench.model import OpenLoop
from bench.report.html.document import Figure, Section
from bench.report.look import looks_of
from bench.report.plots.dots import dots
from bench.report.tables import speed_table, time_word


def throughput(run: StoredRun) -> Section | None:
    """Dots with intervals and all rounds. None for a study, whose cells differ in pacing."""
    found = run.series
    if not found:
        return None
    pacing = run.record.plan.pacing
    measure = measures_of(pacing)[0]
    closed = measure is RATE
    name, title = ("throughput", "Throughput") if closed else ("latency-p99", "Latency, p99")
    if measure is RESPONSE:
        title = f"{time_word(run.record.plan.pacing).capitalize()}, p99"
    figure = Figure(
        (dots(name, "", found, looks_of(run), measure.metric),),
        "Large marks: mean over rounds; bars: its 95 % interval; small dots: the rounds "
        "themselves; ×: a round that must not be used; →: the "
        "interval is wider than the plot." + ("" if closed else " Less is better."),
        speed_table(run.record),
    )
    lead = (
        "Successful requests per second with every connection always busy: what one core buys, "
        "where the app's core was the limit."
        if closed
        else "The time within which 99 % of requests were answered"
        + (", from the moment each was due." if isinstance(pacing, OpenLoop) else ".")
    )
    return Section("throughput", title, (figure,), lead)
