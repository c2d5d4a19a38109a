"""Where a series of run means shifted: change points, with a bound on false alarms.

**The model.** Between two changes the values scatter around one mean, with one spread. For rates
and costs they are logarithms, as noise is relative.

**The search.** Every stretch of the series is set against all the rest by Student's two-sample t
test. A stretch at an end is a step; one in the middle is a step and the way back, which a search
for single steps overlooks (circular binary segmentation: Olshen, Venkatraman, Lucito and Wigler,
Biostatistics 5, 2004; for a single step it is the likelihood ratio test of Worsley, JASA 74,
1979). The parts of a divided series are searched again.

**The error rate.** The p-value of the best stretch is multiplied by the number of stretches that
were looked at (Bonferroni). So a series without a change shows one with at most the given
probability, whatever its length. Neighbouring stretches are alike, so it is less in fact.

**The trimming.** Where noise makes a stretch look longer or shorter than it is, a false edge can
come along with a true one. Each edge must therefore pass alone, between its two neighbours.

**What it does not mend.** Values that drift, or whose neighbours are alike (slow hours of a
machine), are no such noise: changes are then found more often than stated.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from bench.stats.student import critical_value, two_sided_p

LEAST = 3
"""The shortest stretch: with fewer runs, one bad one could pass for a change."""

FEWEST = 2 * LEAST
"""A shorter series cannot show a change at all."""

_MAX_RUNS = 1000

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class ChangePoint:
    """The value at `index` is the first after a shift; `p_value` counts all places searched."""

    index: int
    p_value: float


def change_points(values: Sequence[float], error: float = 0.05) -> tuple[ChangePoint, ...]:
    """The places where the mean shifted, in order.

    Without any shift, the chance of finding one is at most `error`. A series of fewer than
    `FEWEST` values has none to show. Raises ValueError for a value that is not finite, or an
    error rate outside 0..1.
    """
    if not 0 < error < 1:
        raise ValueError(f"an error rate lies between 0 and 1, not {error}")
    series = np.asarray(values, dtype=float)
    if not np.all(np.isfinite(series)):
        raise ValueError("every value must be finite")
    edges = sorted(set(_edges(series, 0, series.size, error)))
    return _trimmed(series, edges, error)


def smallest_visible(values: Sequence[float], edges: Sequence[int], error: float) -> float | None:
    """The smallest shift that a series of this length and spread shows, in the values' unit.

    For a shift at its middle, found half of the time. The spread is that around the means between
    the `edges`. None when the series is too short.
    """
    if len(values) < FEWEST:
        return None
    return _reach(len(values), error) * _spread(values, edges)


def runs_needed(
    values: Sequence[float], edges: Sequence[int], shift: float, error: float
) -> int | None:
    """How many values a series with this spread needs to show a `shift` at its middle.

    None when even 1,000 would not do, or when there are too few to know the spread: two more than
    there are means. Raises ValueError when the shift is not positive.
    """
    if not shift > 0:
        raise ValueError(f"a shift must be positive, not {shift}")
    if len(values) - len(edges) < 3:
        return None
    spread = _spread(values, edges)
    lengths = range(FEWEST, _MAX_RUNS + 1)
    return next((n for n in lengths if _reach(n, error) * spread <= shift), None)


def stretches(edges: Sequence[int], length: int) -> tuple[tuple[int, int], ...]:
    """The parts of a series of `length` between its edges, as (first, one past the last)."""
    return tuple(pairwise((0, *edges, length)))


# --- the search -------------------------------------------------------------------------------


def _edges(series: FloatArray, low: int, high: int, error: float) -> Iterator[int]:
    """The edges of every stretch of series[low:high] that stands out."""
    length = high - low
    if length < FEWEST:
        return
    first, end, t = _standing_out(series[low:high])
    if _p_value(t, length - 2, _candidates(length)) > error:
        return
    inner = [low + edge for edge in (first, end) if 0 < edge < length]
    yield from inner
    for a, b in pairwise((low, *inner, high)):
        yield from _edges(series, a, b, error)


def _standing_out(part: FloatArray) -> tuple[int, int, float]:
    """The stretch [first, end) that differs most from all the rest, with its t."""
    n = part.size
    first, end = _places(n)
    inside = end - first
    sums = np.concatenate(([0.0], np.cumsum(part - part.mean())))
    # The deviations sum to 0, so that a stretch's sum tells both means at once.
    between = (sums[end] - sums[first]) ** 2 * n / (inside * (n - inside))
    best = int(np.argmax(between))
    total = float(np.sum((part - part.mean()) ** 2))
    return int(first[best]), int(end[best]), _t(float(between[best]), total, n - 2)


def _places(n: int) -> tuple[NDArray[np.int_], NDArray[np.int_]]:
    """All stretches of n values, each with at least `LEAST` values in it and on either side.

    A side may also be empty; a step is then told by the stretch at the beginning.
    """
    first, end = np.triu_indices(n + 1, LEAST)
    left, right = first, n - end
    step = (left == 0) & (right >= LEAST)
    bump = (left >= LEAST) & (right >= LEAST)
    return first[step | bump], end[step | bump]


def _candidates(n: int) -> int:
    """How many stretches `_places` holds: n - 5 steps and the bumps."""
    steps = n - 2 * LEAST + 1
    spare = max(0, n - 3 * LEAST)
    return steps + ((spare + 1) * (spare + 2) // 2 if n >= 3 * LEAST else 0)


def _t(between: float, total: float, freedom: int) -> float:
    within = max(0.0, total - between)
    # What is left of equal values after rounding is no spread.
    if within <= 1e-12 * total:
        return math.inf if between > 0 else 0.0
    return math.sqrt(between * freedom / within)


def _p_value(t: float, freedom: int, candidates: int) -> float:
    return min(1.0, candidates * two_sided_p(t, 1.0, freedom))


# --- the trimming -----------------------------------------------------------------------------


def _trimmed(series: FloatArray, edges: list[int], error: float) -> tuple[ChangePoint, ...]:
    """Only edges that pass alone, the doubtful ones taken out one by one."""
    while edges:
        bounds = (0, *edges, series.size)
        points = [
            ChangePoint(edge, _edge_p(series[a:edge], series[edge:b]))
            for a, edge, b in zip(bounds, edges, bounds[2:], strict=False)
        ]
        doubtful = max(points, key=lambda point: point.p_value)
        if doubtful.p_value <= error:
            return tuple(points)
        edges = [edge for edge in edges if edge != doubtful.index]
    return ()


def _edge_p(before: FloatArray, after: FloatArray) -> float:
    n = before.size + after.size
    both = np.concatenate((before, after))
    total = float(np.sum((both - both.mean()) ** 2))
    between = before.size * after.size / n * float(after.mean() - before.mean()) ** 2
    return _p_value(_t(between, total, n - 2), n - 2, n - 2 * LEAST + 1)


# --- what can be seen -------------------------------------------------------------------------


def _reach(n: int, error: float) -> float:
    """The smallest shift at the middle of n values that passes, in standard deviations."""
    half = n // 2
    t = critical_value(1 - error / _candidates(n), n - 2)
    return t * math.sqrt(1 / half + 1 / (n - half))


def _spread(values: Sequence[float], edges: Sequence[int]) -> float:
    """The standard deviation around the means between the edges."""
    series = np.asarray(values, dtype=float)
    parts = [series[a:b] for a, b in stretches(edges, series.size)]
    squares = sum(float(np.sum((part - part.mean()) ** 2)) for part in parts)
    return math.sqrt(squares / (series.size - len(parts)))
