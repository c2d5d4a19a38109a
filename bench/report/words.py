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
    figure = f"{metric.format(estimate.point)} {metric.unit}"
    if not is_bounded(estimate):
        return f"{figure}, one round: no interval"
    return (
        f"{figure}, {estimate.level:.0%} interval {metric.format(max(0.0, estimate.low))} to "
        f"{metric.format(estimate.high)}, {estimate.n} rounds"
    ).replace("95%", "95 %")


def times(count: int, what: str) -> str:
    """E.g. "1 round", "4 rounds"."""
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def and_list(words: list[str]) -> str:
    """E.g. "a", "a and b", "a, b and c"."""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))
