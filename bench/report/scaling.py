"""A sweep as tables, and the page of one."""

from collections.abc import Callable, Sequence

from bench.analysis.diagnostics.collected import diagnostics_of
from bench.analysis.stored import StoredRun
from bench.analysis.studies.sweep import Level, Scaling, scalings
from bench.metrics import METRICS
from bench.model import PhaseResult
from bench.report.facts import machine_line, placement_line, provenance_lines
from bench.report.page import Page
from bench.report.tables import Table
from bench.stats.usl import Coefficient, UslFit
from bench.words import NO_FIGURE

POOR_FIT = 0.9
"""An R² below this says that the law explains too little of what was measured."""


def levels_table(found: Sequence[Scaling]) -> Table:
    """Rate, service time and cost at every concurrency, with the rate that the law gives."""
    return Table(
        title="Concurrency",
        columns=(
            *("framework", "connections", "RPS", "law", "p50 ms", "p99 ms"),
            *("CPU us/request", "CPU %", "limited by"),
        ),
        rows=tuple(
            _level_row(one, level, several=_is_several(found))
            for one in found
            for level in one.levels
        ),
        numeric=(False, *([True] * 7), False),
        caption=(
            "RPS: mean over rounds ± half of its 95 % interval. Law: the rate that the fitted law "
            "gives. p50, p99: service time over all rounds. CPU: app / database / generator, % of "
            "one core."
        ),
    )


def _is_several(found: Sequence[Scaling]) -> bool:
    return len({one.workload for one in found}) > 1


def _name(one: Scaling, *, several: bool) -> str:
    return f"{one.workload}: {one.target}" if several else one.target


def _level_row(one: Scaling, level: Level, *, several: bool) -> tuple[str, ...]:
    name, rate = _name(one, several=several), METRICS["rate"]
    if not level.windows:
        return (name, str(level.concurrency), *([NO_FIGURE] * 6), "not measured")
    law = rate.format(one.fit.rate_at(level.concurrency)) if one.fit else NO_FIGURE
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
        rows=tuple(_law_row(one, several=_is_several(found)) for one in found),
        numeric=(False, *([True] * 6), False),
        caption=(
            "X(N) = λN / (1 + σ(N - 1) + κN(N - 1)), after Gunther: λ the rate of one connection, "
            "σ contention, κ coherency, each ± its standard error. Peak: where the law is highest; "
            "beyond the measured concurrencies it is a guess. A part held at 0 has no error."
        ),
    )


def _law_row(one: Scaling, *, several: bool) -> tuple[str, ...]:
    name, fit = _name(one, several=several), one.fit
    if fit is None:
        return (name, *([NO_FIGURE] * 6), "; ".join(filter(None, [one.no_fit, _left_out(one)])))
    return (
        name,
        _coefficient(fit.rate_of_one, lambda value: f"{value:,.0f}"),
        _coefficient(fit.contention, lambda value: f"{value:.3f}"),
        _coefficient(fit.coherency, lambda value: f"{value:.2g}"),
        NO_FIGURE if fit.peak_concurrency is None else f"{fit.peak_concurrency:,.0f}",
        METRICS["rate"].format(fit.peak_rate_per_s),
        NO_FIGURE if fit.r_squared is None else f"{fit.r_squared:.3f}",
        _remark(one, fit),
    )


def _coefficient(found: Coefficient, words: Callable[[float], str]) -> str:
    error = found.standard_error
    return words(found.value) if error is None else f"{words(found.value)} ±{words(error)}"


def _remark(one: Scaling, fit: UslFit) -> str:
    highest = one.levels[-1].concurrency
    peak = fit.peak_concurrency
    parts = []
    if peak is None:
        parts.append("levels off, without a peak" if fit.contention.value else "no limit in sight")
    elif peak > highest:
        parts.append(f"peak beyond the {highest} measured")
    if fit.r_squared is not None and fit.r_squared < POOR_FIT:
        parts.append("poor fit: noise, or another law")
    return "; ".join(filter(None, [*parts, _left_out(one)]))


def _left_out(one: Scaling) -> str:
    left_out = sum(level.left_out for level in one.levels)
    return f"{left_out} invalid or unfit left out" if left_out else ""


def sweep_page(run: StoredRun) -> Page:
    """The report of a sweep."""
    record = run.record
    found = scalings(record)
    rounds = len({cell.round for cell in record.cells})
    state = "" if record.state == "complete" else f" This run is {record.state}, not complete."
    levels = sorted({level.concurrency for one in found for level in one.levels})
    told = ", ".join(map(str, levels)) or "none yet"
    return Page(
        title=f"Sweep {record.run_id}",
        lead=(
            f"Workload {', '.join(record.plan.workloads)}, closed loop, connections: {told}. "
            f"{rounds} of {record.plan.rounds} rounds, windows of {record.plan.window_s:g} s, "
            f"seed {record.plan.seed}.{state}",
            machine_line(record),
            placement_line(record),
        ),
        tables=(levels_table(found), law_table(found)),
        diagnostics=diagnostics_of(run),
        facts=tuple(provenance_lines(record)),
    )
