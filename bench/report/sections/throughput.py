"""The main figure of every operation: rates of a closed loop, p99 latencies of an open loop."""

from bench.report.html.document import Figure, Section
from bench.report.material import Material
from bench.report.measures import RATE, measures_of
from bench.report.plots.dots import dots
from bench.report.tables import speed_table


def throughput(material: Material) -> Section | None:
    """Dots with intervals and all rounds. None for a study, whose cells differ in pacing."""
    found = material.series
    if not found:
        return None
    measure = measures_of(material.record.plan.pacing)[0]
    closed = measure is RATE
    name, title = ("throughput", "Throughput") if closed else ("latency-p99", "Latency, p99")
    figure = Figure(
        (dots(name, "", found, material.looks, measure.metric),),
        "Large marks: mean over rounds; bars: its 95 % interval; small dots: the rounds "
        "themselves; ×: a round that must not be used; →: the "
        "interval is wider than the plot."
        + ("" if closed else " Less is better. The rate was given, the same for all."),
        speed_table(material.record),
    )
    lead = (
        "Successful requests per second with every connection always busy: what one core buys, "
        "where the app's core was the limit."
        if closed
        else "The time within which 99 % of requests were answered, from the moment each was due."
    )
    return Section("throughput", title, (figure,), lead)
