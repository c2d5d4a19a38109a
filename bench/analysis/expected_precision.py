"""How well a run tells targets apart on its machine: promised before it, held after it.

What decides is the spread of a log ratio from round to round. It is a property of the method and
the machine: earlier runs there tell it, and elsewhere other machines give an idea.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from bench.analysis.differences import differences
from bench.analysis.measures import Measure, measures_of
from bench.analysis.precision import half_width
from bench.analysis.verdicts import ratios
from bench.model import Estimate, Plan, Promise, RunRecord
from bench.stats.rounds import relative_half_width
from bench.stats.student import critical_value

LOOKED_AT = 5
"""Earlier runs that a promise is made from, the latest ones."""

LEVEL = 0.95

ELSEWHERE: Mapping[float, Mapping[str, float]] = {
    0.4: {"rate": 0.10, "app_cost": 0.07},
    2.0: {"rate": 0.05, "app_cost": 0.03},
}
"""The spread of a log ratio by seconds counted of a target in a round, as docs/method.md tells it:
where nothing has been measured yet.
"""


@dataclass(frozen=True)
class RatioPrecision:
    """How well ratios by a measure are known: half of their plain intervals, as shares of them."""

    measure: Measure
    typical: float
    widest: float
    ratios: int


def ratio_precisions(record: RunRecord) -> tuple[RatioPrecision, ...]:
    """By each measure that some ratio of the run has an interval by."""
    widths: dict[Measure, list[float]] = {}
    for comparison in ratios(record, LEVEL):
        if comparison.verdict.kind != "invalid" and math.isfinite(half := half_width(comparison)):
            widths.setdefault(comparison.measure, []).append(half)
    return tuple(
        RatioPrecision(measure, median(found), max(found), len(found))
        for measure, found in widths.items()
    )


def spread_of(record: RunRecord) -> Mapping[str, float]:
    """The typical standard deviation of a log ratio from round to round, by metric."""
    spreads: dict[str, list[float]] = {}
    for comparison in ratios(record, LEVEL):
        ratio = comparison.verdict.ratio
        if comparison.verdict.kind != "invalid" and ratio is not None and ratio.n > 1:
            spreads.setdefault(comparison.measure.metric.name, []).append(_spread(ratio))
    return {name: median(found) for name, found in spreads.items()}


def _spread(ratio: Estimate) -> float:
    half = math.log(ratio.high / ratio.low) / 2
    return half * math.sqrt(ratio.n) / critical_value(ratio.level, ratio.n - 1)


def promise(record: RunRecord, earlier: Iterable[RunRecord]) -> Promise | None:
    """What a run that begins may promise, given the earlier ones on this machine, the latest first.

    None where no ratio will have an interval, and where nothing is known of such runs.
    """
    plan = record.plan
    if not plan.design.is_comparable or len(plan.targets) < 2 or plan.rounds < 2:
        return None
    found = []
    for run in earlier:
        if run.spread and is_like(run, record):
            found.append(run)
        if len(found) == LOOKED_AT:
            break
    spreads = _typical([run.spread for run in found]) if found else _elsewhere(plan)
    half_widths = {
        measure.metric.name: expected_half_width(spreads[measure.metric.name], plan.rounds)
        for measure in measures_of(plan)
        if measure.metric.name in spreads
    }
    return Promise(half_widths, tuple(run.run_id for run in found)) if half_widths else None


def is_like(earlier: RunRecord, record: RunRecord) -> bool:
    """Whether an earlier run was made by the same method, on the same machine, for as long."""
    return not any(difference.blocking for difference in differences(earlier, record))


def _typical(spreads: Sequence[Mapping[str, float]]) -> Mapping[str, float]:
    names = {name for run_spreads in spreads for name in run_spreads}
    return {
        name: median(run_spreads[name] for run_spreads in spreads if name in run_spreads)
        for name in names
    }


def _elsewhere(plan: Plan) -> Mapping[str, float]:
    if plan.turns is None or not plan.pacing.takes_turns:
        return {}
    nearest = min(ELSEWHERE, key=lambda counted_s: abs(math.log(counted_s / plan.window_s)))
    return ELSEWHERE[nearest]


def expected_half_width(spread: float, rounds: int) -> float:
    """Half of the interval that a ratio with this spread has after so many rounds, as a share."""
    half = critical_value(LEVEL, rounds - 1) * spread / math.sqrt(rounds)
    return relative_half_width(Estimate(1.0, math.exp(-half), math.exp(half), LEVEL, rounds))
