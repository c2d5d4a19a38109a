"""What is compared: rate, cost and latency, each read from a record round by round.

Verdicts speak of speeds, where more is better. A cost or a time is therefore judged by its
inverse (requests per CPU second, answers per second) and shown as what it is.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from bench.analysis.validity import Windows, valid_windows
from bench.metrics import METRICS, Metric
from bench.model import ClosedLoop, Estimate, OpenLoop, Pacing, PhaseResult, Plan, Users
from bench.stats.ratio import RatesByRound

GENERATOR_BOUND = "generator-bound"


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

    def shown(self, speeds: Estimate) -> Estimate:
        """A ratio of speeds as a ratio of the metric itself."""
        return inverse(speeds) if self.inverted else speeds


RATE = Measure(METRICS["rate"], "requests/s", "faster", "slower", of_capacity=True)
COST = Measure(METRICS["app_cost"], "app CPU/request", "cheaper", "dearer")
LATENCY = Measure(METRICS["p99"], "p99 latency", "faster", "slower")
SERVICE_TIME = Measure(METRICS["p99"], "p99 service time", "faster", "slower")
DATABASE_COST = Measure(METRICS["database_cost"], "database CPU/request", "cheaper", "dearer")
MEMORY = Measure(METRICS["app_memory"], "app memory (PSS)", "smaller", "larger")
RESPONSE = Measure(METRICS["p99"], "p99 response time", "faster", "slower")


_MAIN: Mapping[type[Pacing], Measure] = {ClosedLoop: RATE, OpenLoop: LATENCY, Users: RESPONSE}


def main_measure(pacing: Pacing) -> Measure:
    """The main figure of a load that arrives like this.

    In an open loop the rate is given and tells nothing; with users it follows from their pauses.
    In a closed loop the service time follows from the rate, and would be the same comparison once
    more.
    """
    return _MAIN[type(pacing)]


def measures_of(plan: Plan) -> tuple[Measure, ...]:
    """What a run with this plan tells of, the first being its main figure.

    What services on another machine cost is not seen.
    """
    main = main_measure(plan.pacing)
    return (main,) if plan.target_host else (main, COST)


def speeds_of(windows: Windows, measure: Measure) -> RatesByRound:
    """What is judged, by round; None where there is nothing that may be compared.

    A rate that was the generator's says how fast the generator is: it would lie, though what the
    same window cost is sound. A round whose window is too short for the figure is left out.
    """
    speeds: dict[int, float | None] = {}
    for number, window in windows.items():
        if window is None or measure.is_generators(window):
            speeds[number] = None
        elif (value := measure.metric.per_window(window)) is not None:
            speeds[number] = measure.speed(value)
    return speeds


def lacking(windows: Windows, measure: Measure) -> str:
    """Why no round has the figure though windows were measured; empty where one has it."""
    measured = valid_windows(windows)
    if not measured or any(measure.metric.per_window(window) is not None for window in measured):
        return ""
    return (
        f"no window has enough requests for its {measure.metric.title}: let windows last longer, "
        "or send more requests"
    )


def causes_of(measure: Measure, *sides: Windows) -> tuple[str, ...]:
    """Why rounds of a comparison cannot be judged: "invalid", `GENERATOR_BOUND` or both."""
    windows = [window for side in sides for window in side.values()]
    bound = [window for window in windows if window and measure.is_generators(window)]
    others = [
        window
        for window in windows
        if window is None
        or (not measure.is_generators(window) and measure.metric.per_window(window) == 0)
    ]
    found = (word for word, blamed in (("invalid", others), (GENERATOR_BOUND, bound)) if blamed)
    return tuple(found) or ("invalid",)


def limit_elsewhere(windows: Windows, measure: Measure) -> str:
    """What limited a target's figure in most rounds, where that was not the app's core; else ""."""
    limits = [window.limited_by for window in windows.values() if window and window.limited_by]
    others = Counter(limit for limit in limits if limit != "app core")
    if not measure.of_capacity or 2 * others.total() <= len(limits):
        return ""
    return others.most_common(1)[0][0]


def limits_elsewhere(measure: Measure, sides: Mapping[str, Windows]) -> Mapping[str, str]:
    """Which sides of a comparison were limited by something else, e.g. {"flask": "database"}."""
    found = {name: limit_elsewhere(windows, measure) for name, windows in sides.items()}
    return {name: limit for name, limit in found.items() if limit}


def inverse(ratio: Estimate) -> Estimate:
    """The same ratio the other way round; an interval without end stays one."""
    high = 1 / ratio.low if ratio.low > 0 else float("inf")
    return Estimate(1 / ratio.point, 1 / ratio.high, high, ratio.level, ratio.n)
