"""The main figure of every operation: rates of a closed loop, p99 latencies of an open loop."""

from bench.analysis.measures import RATE, RESPONSE, main_measure
from bench.analysis.series import Series, series
from bench.analysis.stored import StoredRun
from bench.metrics import METRICS
from bench.model import RunRecord
from bench.report.document import Figure, Row, Section, Table
from bench.report.plots.dots import dots
from bench.report.style import styles_of
from bench.report.words import figure, forbidden_words, marked
from bench.words import NO_FIGURE


def throughput(run: StoredRun) -> Section | None:
    """Dots with intervals and all rounds. None for a study, whose cells differ in pacing."""
    found = run.series
    if not found:
        return None
    pacing = run.record.plan.pacing
    measure = main_measure(pacing)
    closed = measure is RATE
    name, title = ("throughput", "Throughput") if closed else ("latency-p99", "Latency, p99")
    if measure is RESPONSE:
        title = f"{pacing.time_word.capitalize()}, p99"
    drawn = Figure(
        (dots(name, "", found, styles_of(run.record), measure.metric),),
        "Large marks: mean over rounds; bars: its 95 % interval; small dots: the rounds "
        "themselves; ×: a round that must not be used; →: the "
        "interval is wider than the plot." + ("" if closed else " Less is better."),
        speed_table(run.record),
    )
    return Section("throughput", title, (drawn,), pacing.figure_told)


def speed_table(record: RunRecord) -> Table:
    """Rate with its interval, response times and outcomes per operation and framework."""
    pacing, found = record.plan.pacing, series(record)
    return Table(
        title="Speed",
        columns=(
            *("operation", "framework", "RPS", "p50 ms", "p95 ms", "p99 ms"),
            *("success", "failures", "duration s"),
        ),
        rows=tuple(map(_speed_row, found)),
        numeric=(False, False, *([True] * 7)),
        caption=(
            "RPS: successful requests per second, mean over rounds ± half of its 95 % interval. "
            f"p50, p95, p99: {pacing.time_word} over all rounds. "
            f"Duration: measured windows, pauses left out.{pacing.rate_told}"
            + forbidden_words(found)
        ),
    )


def _speed_row(found: Series) -> Row:
    rate, windows = METRICS["rate"], found.windows
    if not windows:
        return (found.title, marked(found), *[NO_FIGURE] * 5, "not measured", NO_FIGURE)
    asked = sum(window.load.succeeded + window.load.failed for window in windows)
    return (
        found.title,
        marked(found),
        rate.format_interval(rate.estimate(found.usable)),
        figure("p50", found),
        figure("p95", found),
        figure("p99", found),
        f"{figure('succeeded', found)}/{asked:,}",
        figure("failed", found),
        figure("duration", found),
    )
