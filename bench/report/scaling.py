"""How rate and service time change with concurrency, and the scalability law behind it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.metrics import METRICS
from bench.model import CellResult, ClosedLoop, PhaseResult, RunRecord
from bench.report.facts import machine_line, placement_line, provenance_lines
from bench.report.material import Material
from bench.report.measures import NO_FIGURE, is_invalid
from bench.report.page import Page
from bench.report.tables import Table
from bench.report.warnings import doubts
from bench.stats.usl import MIN_CONCURRENCIES, Coefficient, UslFit, fit_usl

POOR_FIT = 0.9
"""An R² below this says that the law explains too little of what was measured."""


@dataclass(frozen=True)
class Level:
    """One target at one concurrency: its usable windows, and how many must not be used."""

    concurrency: int
    windows: tuple[PhaseResult, ...]
    left_out: int

    @property
    def rates_per_s(self) -> tuple[float, ...]:
        return tuple(window.load.rate_per_s for window in self.windows)


@dataclass(frozen=True)
class Scaling:
    """One target under one workload: what was measured, and the law or why there is none."""

    workload: str
    target: str
    levels: tuple[Level, ...]
    fit: UslFit | None
    no_fit: str = ""


def scalings(record: RunRecord) -> tuple[Scaling, ...]:
    """Every target under every workload, in plan order; those without a cell are left out."""
    found = []
    for workload in record.plan.workloads:
        for target in record.plan.targets:
            mine = [c for c in record.cells if (c.workload, c.target) == (workload, target)]
            if levels := _levels(mine):
                found.append(Scaling(workload, target, levels, *_fit(levels)))
    return tuple(found)


def _levels(cells: Sequence[CellResult]) -> tuple[Level, ...]:
    by_concurrency: dict[int, list[CellResult]] = {}
    for cell in cells:
        if isinstance(cell.pacing, ClosedLoop):
            by_concurrency.setdefault(cell.pacing.concurrency, []).append(cell)
    return tuple(_level(level, by_concurrency[level]) for level in sorted(by_concurrency))


def _level(concurrency: int, cells: Sequence[CellResult]) -> Level:
    # A sweep's workload has one window; without any, the cell was unfit.
    windows = [cell.phases[0] if cell.phases else None for cell in cells]
    usable = tuple(w for w in windows if w and w.load.succeeded and not is_invalid(w))
    return Level(concurrency, usable, len(cells) - len(usable))


def _fit(levels: Sequence[Level]) -> tuple[UslFit | None, str]:
    """The law over all rounds of all levels, or why there is none."""
    usable = [level for level in levels if level.windows]
    if len(usable) < MIN_CONCURRENCIES:
        return None, (
            f"no fit: the law takes {MIN_CONCURRENCIES} usable concurrencies, there are "
            f"{len(usable)}"
        )
    points = [(level.concurrency, rate) for level in usable for rate in level.rates_per_s]
    try:
        return fit_usl([n for n, _ in points], [rate for _, rate in points]), ""
    except ValueError:
        return None, "no fit: the law does not describe these rates"


# --- as tables --------------------------------------------------------------------------------


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


def sweep_page(material: Material) -> Page:
    """The report of a sweep."""
    record = material.record
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
        warnings=doubts(material),
        facts=tuple(provenance_lines(record)),
    )
