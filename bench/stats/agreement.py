"""How well one run agrees with others of the same: is its ratio where theirs are?"""

import statistics
from collections.abc import Sequence

from bench.stats.ratio import LogRatio


def off_others(mine: LogRatio, others: Sequence[float]) -> LogRatio:
    """How far one run's mean log ratio lies from the mean of other runs' (their mean log ratios).

    Two samples of unequal spread: the rounds of the one run, and the other runs, each of which
    counts once. So an interval of it allows for the error of both means (a prediction interval),
    and holds 0 as often as its level says if nothing but the noise within runs and between runs
    is at work. Raises ValueError for fewer than two others.
    """
    if len(others) < 2:
        raise ValueError("the spread of other runs is unknown: it takes at least 2 of them")
    own = None if mine.variances is None else (*mine.variances, statistics.variance(others))
    return LogRatio(mine.mean - statistics.fmean(others), (*mine.counts, len(others)), own)
