"""How many rounds an interval of a given width takes."""

import math

import numpy as np
import scipy  # type: ignore[import-untyped]  # scipy ships no types
from numpy.typing import NDArray

from bench.model import Estimate
from bench.stats.ratio import LogRatio
from bench.stats.student import check_level

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
    if log_ratio.variances is None:
        raise ValueError("the spread is unknown: it takes at least 2 rounds")
    n = np.arange(2, limit + 1)
    reach = _half_widths(np.asarray(log_ratio.variances), n, level)
    enough = n[reach <= math.log1p(half_width)]
    return int(enough[0]) if enough.size else None


def _half_widths(
    variances: NDArray[np.float64], n: NDArray[np.int_], level: float
) -> NDArray[np.float64]:
    """Half widths on the logarithmic scale with n rounds of each sample."""
    total = variances.sum()
    if total == 0:
        return np.zeros(n.shape)
    freedom = (n - 1) / np.sum((variances / total) ** 2)
    t = -np.asarray(scipy.special.stdtrit(freedom, (1 - level) / 2))
    return t * np.sqrt(total / n)
