"""A sweep: rates at several concurrencies, and the law behind them."""

from collections.abc import Callable, Sequence

from bench.analysis.stored import StoredRun
from bench.analysis.studies.sweep import Level, Scaling, scalings
from bench.metrics import METRICS
from bench.model import PhaseResult, Sweep
from bench.report.document import Card, Cell, Figure, Row, Section, Sheet, Table, TargetCell
from bench.report.plots.laws import scaling_plot
from bench.report.style import styles_of
from bench.report.words import NOT_MEASURED, certainty_text, figure_text
from bench.stats.usl import Coefficient, UslFit
from bench.words import NO_FIGURE, capitalised

POOR_FIT = 0.9
"""An R² below this says that the law explains too little of what was measured."""


def scalability(run: StoredRun) -> Section | None:
    """Points, intervals and the fitted law. None where no sweep was run."""
    if not isinstance(run.record.plan.study, Sweep):
        return None
    found = scalings(run.record)
    if not found:
        return None
    workloads = [
        workload
        for workload in run.record.plan.workloads
        if any(s.workload == workload for s in found)
    ]
    plots = tuple(scaling_plot(found, styles_of(run.record), workload) for workload in workloads)
    figure = Figure(
        plots,
        "Marks: means over rounds with 95 % intervals. Lines: the Universal Scalability Law. "
        "An interval that leaves the plot is wider than it.",
        levels_table(found),
    )
    blocks = figure, Sheet(law_table(found))
    return Section("scalability", "Scalability", blocks, "How the rate grows with connections.")


def levels_table(found: Sequence[Scaling]) -> Table:
    """Rate, service time and cost at every concurrency, with the rate that the law gives."""
    return Table(
        title="Concurrency",
        columns=(
            *("framework", "connections", "RPS", "law", "p50 ms", "p99 ms"),
            *("CPU us/request", "CPU %", "limited by"),
        ),
        rows=tuple(
            _level_row(scaling, level, several=_is_several(found))
            for scaling in found
            for level in scaling.levels
        ),
        numeric=(False, *([True] * 7), False),
        caption=(
            "RPS: mean over rounds ± half of its 95 % interval. Law: the rate that the fitted law "
            "gives. p50, p99: service time over all rounds. CPU: app / database / generator, % of "
            "one core."
        ),
    )


def _is_several(found: Sequence[Scaling]) -> bool:
    return len({scaling.workload for scaling in found}) > 1


def _name(scaling: Scaling, *, several: bool) -> Cell:
    return f"{scaling.workload}: {scaling.target}" if several else TargetCell(scaling.target)


def _level_row(scaling: Scaling, level: Level, *, several: bool) -> Row:
    name, rate = _name(scaling, several=several), METRICS["rate"]
    if not level.windows:
        return (name, str(level.concurrency), *([NO_FIGURE] * 6), "not measured")
    law = rate.format(scaling.fit.rate_at(level.concurrency)) if scaling.fit else NO_FIGURE
    return (
        name,
        str(level.concurrency),
        rate.format_interval(rate.estimate(level.windows)),
        law,
        figures(level.windows, "p50"),
        figures(level.windows, "p99"),
        figures(level.windows, "app_cost", "database_cost", "generator_cost"),
        figures(level.windows, "app_cpu", "database_cpu", "generator_cpu"),
        ", ".join(dict.fromkeys(window.limited_by for window in level.windows)),
    )


def figures(windows: Sequence[PhaseResult], *names: str) -> str:
    """Metrics over all rounds, e.g. "81 / 20 / 15"."""
    return " / ".join(METRICS[name].format(METRICS[name].value(windows)) for name in names)


def law_table(found: Sequence[Scaling]) -> Table:
    """The fitted law of every target, or why there is none."""
    return Table(
        title="Scalability law",
        columns=(
            *("framework", "RPS of one", "contention", "coherency"),
            *("peak at", "peak RPS", "R²", "remark"),
        ),
        rows=tuple(_law_row(scaling, several=_is_several(found)) for scaling in found),
        numeric=(False, *([True] * 6), False),
        caption=(
            "X(N) = λN / (1 + σ(N - 1) + κN(N - 1)), after Gunther: λ the rate of one connection, "
            "σ contention, κ coherency, each ± its standard error. Peak: where the law is highest; "
            "beyond the measured concurrencies it is a guess. A part held at 0 has no error."
        ),
    )


def _law_row(scaling: Scaling, *, several: bool) -> Row:
    name, fit = _name(scaling, several=several), scaling.fit
    if fit is None:
        return (
            name,
            *([NO_FIGURE] * 6),
            "; ".join(filter(None, [scaling.no_fit, _left_out(scaling)])),
        )
    return (
        name,
        _coefficient(fit.rate_of_one, lambda value: f"{value:,.0f}"),
        _coefficient(fit.contention, lambda value: f"{value:.3f}"),
        _coefficient(fit.coherency, lambda value: f"{value:.2g}"),
        NO_FIGURE if fit.peak_concurrency is None else f"{fit.peak_concurrency:,.0f}",
        METRICS["rate"].format(fit.peak_rate_per_s),
        NO_FIGURE if fit.r_squared is None else f"{fit.r_squared:.3f}",
        _remark(scaling, fit),
    )


def _coefficient(found: Coefficient, words: Callable[[float], str]) -> str:
    error = found.standard_error
    return words(found.value) if error is None else f"{words(found.value)} ±{words(error)}"


def _remark(scaling: Scaling, fit: UslFit) -> str:
    highest = scaling.levels[-1].concurrency
    peak = fit.peak_concurrency
    parts = []
    if peak is None:
        parts.append("levels off, without a peak" if fit.contention.value else "no limit in sight")
    elif peak > highest:
        parts.append(f"peak beyond the {highest} measured")
    if fit.r_squared is not None and fit.r_squared < POOR_FIT:
        parts.append("poor fit: noise, or another law")
    return "; ".join(filter(None, [*parts, _left_out(scaling)]))


def _left_out(scaling: Scaling) -> str:
    left_out = sum(level.left_out for level in scaling.levels)
    return f"{left_out} invalid or unfit left out" if left_out else ""


# --- the answer -------------------------------------------------------------------------------


def sweep_lead(_run: StoredRun) -> str:
    """What the cards of a sweep have in common."""
    return "The highest rate among the concurrencies measured."


def sweep_cards(run: StoredRun) -> tuple[Card, ...]:
    """The highest rate of each target, and where the law has its peak."""
    return tuple(_sweep_card(scaling, run) for scaling in scalings(run.record))


def _sweep_card(scaling: Scaling, run: StoredRun) -> Card:
    target, rate = scaling.target, METRICS["rate"]
    heading = f"{styles_of(run.record)[target].label} · {scaling.workload}"
    known = [
        (estimate, level) for level in scaling.levels if (estimate := rate.estimate(level.windows))
    ]
    if not known:
        return Card(target, heading, NOT_MEASURED, "", scaling.no_fit, doubtful=True)
    best, level = max(known, key=lambda pair: pair[0].point)
    peak = scaling.fit.peak_concurrency if scaling.fit else None
    law = f"The fitted law has its peak at {peak:,.0f} connections." if peak else scaling.no_fit
    return Card(
        target,
        heading,
        figure_text(rate, best),
        capitalised(certainty_text(rate, best)),
        f"With {level.concurrency} connections. {law}".strip(),
    )
