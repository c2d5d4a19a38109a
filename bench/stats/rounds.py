"""How many rounds an interval of a given width takes."""

import math
from bisect import bisect_left
from collections.abc import Sequence

from bench.model import Estimate
from bench.stats.ratio import LogRatio
from bench.stats.student import check_level, critical_value

MAX_ROUNDS = 1000
"""Beyond this many rounds the answer is "hopeless"."""


def relative_half_width(ratio: Estimate) -> float:
    """How far a ratio's interval reaches from its point, as a share of it: 0.03 for 3 %.

    The upper side is taken, which is the wider one on the ratio's scale. Infinite for a single
    round.
    """
    return ratio.high / ratio.point - 1


def rounds_for_half_width(
    log_ratio: LogRatio, half_width: float, level: float = 0.95, limit: int = MAX_ROUNDS
) -> int | None:
    """The smallest number of rounds, in all, whose interval is as narrow as `half_width`.

    `half_width` is relative (0.03 for 3 %). The spread seen so far is taken for the true one:
    the smallest n >= 2 with t(n - 1) * s / sqrt(n) <= ln(1 + half_width). From few rounds s is
    a rough guess, and so is n. Two unpaired runs need n rounds each. None when even `limit`
    rounds would not do. Raises ValueError when the spread is unknown or `half_width` negative.

    Adding rounds until the *width* suffices (Chow and Robbins, Annals of Mathematical
    Statistics 36, 1965) costs little coverage; adding them until a verdict pleases does not.
    """
    check_level(level)
    if not half_width >= 0:
        raise ValueError(f"a half width cannot be negative: {half_width}")
    variances = log_ratio.variances
    if variances is None:
        raise ValueError("the spread is unknown: it takes at least 2 rounds")
    wanted, counts = math.log1p(half_width), range(2, limit + 1)
    # The more rounds, the narrower: the first that suffice are found by halving.
    first = bisect_left(counts, True, key=lambda n: _half_width(variances, n, level) <= wanted)
    return counts[first] if first < len(counts) else None


def _half_width(variances: Sequence[float], n: int, level: float) -> float:
    """The half width on the logarithmic scale with n rounds of each sample."""
    total = sum(variances)
    if total == 0:
        return 0.0
    freedom = (n - 1) / sum((variance / total) ** 2 for variance in variances)
    return critical_value(level, freedom) * math.sqrt(total / n)
