"""Means of per-round values with Student intervals.

One round alone has a mean but says nothing about its spread. Its interval is then honest about
that: from minus to plus infinity (from 0 to infinity for a geometric mean). `is_bounded` tells
the two cases apart, so that a table can print "no interval" in place of infinities.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bench.model import Estimate
from bench.stats.student import check_level, critical_value


def mean_estimate(values: Sequence[float], level: float = 0.95) -> Estimate:
    """The arithmetic mean of one value per round, in the values' own unit.

    The interval is mean -+ t * s / sqrt(n), with Student's t at n - 1 degrees of freedom
    (Student, "The probable error of a mean", Biometrika 6, 1908). Raises ValueError when there
    is no value, or one that is not finite.
    """
    check_level(level)
    numbers = np.asarray(values, dtype=float)
    if numbers.size == 0:
        raise ValueError("a mean needs at least one value")
    if not np.all(np.isfinite(numbers)):
        raise ValueError("every value must be finite")
    mean = float(numbers.mean())
    half = _half_width(numbers, level)
    return Estimate(mean, mean - half, mean + half, level, numbers.size)


def is_bounded(estimate: Estimate) -> bool:
    """Whether there is an interval at all: it takes two rounds."""
    return math.isfinite(estimate.low) and math.isfinite(estimate.high)


def logarithms(rates: Sequence[float]) -> list[float]:
    """Natural logarithms. Raises ValueError for a rate that is not positive and finite."""
    for rate in rates:
        if not (rate > 0 and math.isfinite(rate)):
            raise ValueError(f"a rate must be positive and finite, not {rate}")
    return [math.log(rate) for rate in rates]


def exponential(logs: Estimate) -> Estimate:
    """An estimate on the logarithmic scale, transformed back. Too large becomes infinite."""
    return Estimate(_exp(logs.point), _exp(logs.low), _exp(logs.high), logs.level, logs.n)


def _half_width(numbers: NDArray[np.float64], level: float) -> float:
    if numbers.size < 2:
        return math.inf
    standard_error = float(numbers.std(ddof=1)) / math.sqrt(numbers.size)
    return critical_value(level, numbers.size - 1) * standard_error


def _exp(value: float) -> float:
    try:
        return math.exp(value)
    except OverflowError:
        return math.inf
