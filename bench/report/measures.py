"""What is compared: rate, cost and latency, each read from a record round by round.

Verdicts speak of speeds, where more is better. A cost or a time is therefore judged by its
inverse (requests per CPU second, answers per second) and shown as what it is.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from textwrap import shorten

from bench.metrics import METRICS, Metric
from bench.model import (
    CellResult,
    ClosedLoop,
    Estimate,
    OpenLoop,
    Pacing,
    PhaseResult,
    RunRecord,
    Users,
    Verdict,
)
from bench.stats.ratio import RatesByRound

NO_FIGURE = "–"
GENERATOR_BOUND = "generator-bound"

ELSEWHERE = (
    "*: in most rounds of a side something else than the app's core was the limit; the rate is the "
    "other thing's."
)
"""Stands below a table in which `verdict_words` has marked a verdict."""

_WIDEST_REASON = 40


@dataclass(frozen=True)
class Measure:
    """One metric and the words for its verdicts. `better` stands for a verdict "faster".

    `of_capacity` says that it is a figure of what was used up: where that was something else than
    the app's core, it is a figure of the other thing.
    """

    metric: Metric
    title: str
    better: str
    worse: str
    of_capacity: bool = False

    @property
    def inverted(self) -> bool:
        """Whether less of the metric is better, so that its inverse is what is judged."""
        return self.metric.better == "lower"

    def speed(self, value: float) -> float | None:
        """What is judged: the figure or its inverse. None for 0, which no ratio can be made of."""
        if value <= 0:
            return None
        return 1 / value if self.inverted else value

    def is_generators(self, window: PhaseResult) -> bool:
        """Whether this is the load generator's figure and no target's."""
        return self.of_capacity and window.limited_by == "generator"

    def word(self, verdict: Verdict) -> str:
        """The verdict in this measure's own words."""
        return {"faster": self.better, "slower": self.worse}.get(verdict.kind, verdict.kind)

    def shown(self, speeds: Estimate) -> Estimate:
        """A ratio of speeds as a ratio of the metric itself."""
        return inverse(speeds) if self.inverted else speeds


RATE = Measure(METRICS["rate"], "requests/s", "faster", "slower", of_capacity=True)
COST = Measure(METRICS["app_cost"], "app CPU/request", "cheaper", "dearer")
LATENCY = Measure(METRICS["p99"], "p99 latency", "faster", "slower")
RESPONSE = Measure(METRICS["p99"], "p99 response time", "faster", "slower")


def measures_of(pacing: Pacing) -> tuple[Measure, ...]:
    """What a run with this pacing tells of, the first being its main figure.

    In an open loop the rate is given and tells nothing; with users it follows from their pauses.
    In a closed loop the service time follows from the rate, and would be the same comparison once
    more.
    """
    match pacing:
        case ClosedLoop():
            return (RATE, COST)
        case OpenLoop():
            return (LATENCY, COST)
        case Users():
            return (RESPONSE, COST)


def phases_of(record: RunRecord) -> Iterator[tuple[str, str]]:
    """Each measured (workload, phase), workloads in plan order, phases in their own."""
    for workload in record.plan.workloads:
        seen = dict.fromkeys(
            window.phase
            for cell in record.cells
            if cell.workload == workload
            for window in cell.phases
        )
        # Where every target was unfit there is no phase to name: the workload itself is one.
        yield from ((workload, phase) for phase in seen or (workload,))


Windows = Mapping[int, PhaseResult | None]
"""The windows of one target and phase by round; None: measured, and not to be used."""


def windows_of(record: RunRecord, target: str, workload: str, phase: str) -> Windows:
    """The windows by round; None where the cell was measured and must not be used."""
    return {
        cell.round: _usable(cell, phase)
        for cell in record.cells
        if (cell.target, cell.workload) == (target, workload) and cell.pacing == record.plan.pacing
    }


def _usable(cell: CellResult, phase: str) -> PhaseResult | None:
    window = next((one for one in cell.phases if one.phase == phase), None)
    if cell.unfit or window is None or is_invalid(window):
        return None
    return window


def is_invalid(window: PhaseResult) -> bool:
    """Whether a doubt forbids the window's use."""
    return any(warning.severity == "invalid" for warning in window.warnings)


def speeds_of(windows: Windows, measure: Measure) -> RatesByRound:
    """What is judged, by round; None where there is nothing that may be compared.

    A rate that was the generator's says how fast the generator is: it would lie, though what the
    same window cost is sound. A round whose window is too short for the figure is left out.
    """
    values = {
        number: 0.0
        if window is None or measure.is_generators(window)
        else measure.metric.per_window(window)
        for number, window in windows.items()
    }
    return {number: measure.speed(value) for number, value in values.items() if value is not None}


def lacking(windows: Windows, measure: Measure) -> str:
    """Why no round has the figure though windows were measured; empty where one has it."""
    measured = [window for window in windows.values() if window is not None]
    if not measured or any(measure.metric.per_window(one) is not None for one in measured):
        return ""
    return (
        f"no window has enough requests for its {measure.metric.title}: let windows last longer, "
        "or send more requests"
    )


def cause_of(measure: Measure, *sides: Windows) -> str:
    """Why rounds of a comparison cannot be judged, in a word or two."""
    windows = [window for side in sides for window in side.values()]
    bound = [window for window in windows if window and measure.is_generators(window)]
    others = [
        window
        for window in windows
        if window is None
        or (not measure.is_generators(window) and measure.metric.per_window(window) == 0)
    ]
    found = [word for word, blamed in (("invalid", others), (GENERATOR_BOUND, bound)) if blamed]
    return " or ".join(found) or "invalid"


def limit_elsewhere(windows: Windows, measure: Measure) -> str:
    """What limited a target's figure in most rounds, where that was not the app's core; else ""."""
    limits = [window.limited_by for window in windows.values() if window and window.limited_by]
    others = Counter(limit for limit in limits if limit != "app core")
    if not measure.of_capacity or 2 * others.total() <= len(limits):
        return ""
    return others.most_common(1)[0][0]


def elsewhere_words(measure: Measure, sides: Mapping[str, Windows]) -> str:
    """Which sides of a comparison were limited by something else, e.g. "flask: database"."""
    found = {name: limit_elsewhere(windows, measure) for name, windows in sides.items()}
    return "; ".join(f"{name}: {limit}" for name, limit in found.items() if limit)


def inverse(ratio: Estimate) -> Estimate:
    """The same ratio the other way round; an interval without end stays one."""
    high = 1 / ratio.low if ratio.low > 0 else float("inf")
    return Estimate(1 / ratio.point, 1 / ratio.high, high, ratio.level, ratio.n)


def plain(number: float) -> str:
    """Three significant figures, without an exponent: 1.62, 0.987, 12.3, 4,120."""
    if number >= 100:
        return f"{number:,.0f}"
    decimals = 3 if number < 1 else 2 if number < 10 else 1
    return f"{number:.{decimals}f}"


def interval_words(ratio: Estimate) -> str:
    """E.g. "1.62 [1.55, 1.70]"; the point alone when one round gives no interval."""
    if ratio.n < 2:
        return plain(ratio.point)
    return f"{plain(ratio.point)} [{ratio_end(ratio.low)}, {ratio_end(ratio.high)}]"


_TELLABLE_RATIO = 1000


def ratio_end(ratio: float) -> str:
    """An end of a ratio's interval. Beyond a thousandfold its digits say nothing more."""
    if ratio < 1 / _TELLABLE_RATIO:
        return "<0.001"
    return ">1,000" if ratio > _TELLABLE_RATIO else plain(ratio)


def verdict_words(verdict: Verdict, measure: Measure, elsewhere: str = "") -> str:
    """The verdict as it stands in a table; an invalid one says which cells are to blame.

    A mark says that a side was limited `elsewhere` than by its app's core: see `ELSEWHERE`.
    """
    if verdict.kind == "invalid":
        return shorten(verdict.reason, _WIDEST_REASON, placeholder=" ...")
    return f"{measure.word(verdict)}{' *' if elsewhere else ''}"


def p_words(p_value: float | None) -> str:
    if p_value is None:
        return NO_FIGURE
    return "<0.001" if p_value < 0.001 else f"{p_value:.3f}"


def rounds_words(verdict: Verdict) -> str:
    """How many rounds in all would settle an inconclusive verdict, or what would instead."""
    if verdict.kind != "inconclusive":
        return NO_FIGURE
    if not verdict.rounds_help:
        return "longer windows"
    if verdict.ratio is None or verdict.ratio.n < 2:
        return "at least 2"
    return f"about {verdict.rounds_needed}" if verdict.rounds_needed else "over 1,000"
