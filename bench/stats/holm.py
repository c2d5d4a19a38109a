"""Many comparisons at once: Holm's step-down method, for p-values and for intervals.

Ask twenty questions at 95 % and one wrong answer is to be expected. Holm (Scandinavian Journal
of Statistics 6, 1979) keeps the chance of *any* wrong rejection in the family at 1 - level,
whatever the dependence between the tests, and rejects everything that Bonferroni rejects.
"""

from collections.abc import Sequence

import numpy as np

from bench.stats.student import check_level


def holm_adjust(p_values: Sequence[float]) -> tuple[float, ...]:
    """Holm-adjusted p-values, in the order given; R calls it `p.adjust(p, "holm")`.

    The j-th smallest of m (j from 0) is multiplied by m - j, made no smaller than those before
    it and no larger than 1. Raises ValueError for a p-value outside 0..1.
    """
    p = np.asarray(p_values, dtype=float)
    if not np.all((p >= 0) & (p <= 1)):
        raise ValueError("a p-value lies between 0 and 1")
    order = np.argsort(p, kind="stable")
    factors = np.arange(p.size, 0, -1)
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(p[order] * factors))
    return tuple(adjusted.tolist())


def holm_levels(p_values: Sequence[float], level: float = 0.95) -> tuple[float, ...]:
    """For each comparison, the level at which its own interval says what Holm says.

    With a = 1 - level, Holm tests the j-th smallest of m p-values at a / (m - j) and stops at
    the first that fails. A rejected comparison gets the interval of its step, all others that
    of the step which failed. Equal p-values share the earliest step, so that order in the
    family does not matter. An interval at this level then excludes the null value exactly when
    the adjusted p-value is at most a.

    Every level is at least `level`, so each interval on its own covers at least that often.
    That all of them cover *at once* is not promised; what holds for the family is the chance of
    a wrong rejection. Raises ValueError for a p-value outside 0..1.
    """
    check_level(level)
    error = 1 - level
    adjusted = holm_adjust(p_values)
    rejected = sum(value <= error for value in adjusted)
    smaller = [sum(other < p for other in p_values) for p in p_values]
    return tuple(1 - error / (len(adjusted) - _step(s, rejected, len(adjusted))) for s in smaller)


def _step(smaller: int, rejected: int, family: int) -> int:
    return min(smaller, rejected, family - 1)
