"""Figures in words, the same in every sentence, tooltip and label."""

from bench.metrics import Metric
from bench.model import Estimate
from bench.stats.estimate import is_bounded


def interval_text(metric: Metric, estimate: Estimate | None) -> str:
    """E.g. "1,204 requests/s, 95 % interval 1,173 to 1,235, 4 rounds".

    No metric is ever below 0: an interval that reaches there ends at 0.
    """
    if estimate is None:
        return "too few answers"
    low, high = metric.format(max(0.0, estimate.low)), metric.format(estimate.high)
    figure = f"{metric.format(estimate.point)} {metric.unit}"
    if not is_bounded(estimate):
        return f"{figure}, one round: no interval"
    level = f"{100 * estimate.level:.0f} %"
    return f"{figure}, {level} interval {low} to {high}, {estimate.n} rounds"
