"""Latency distributions: counting, merging and asking for percentiles.

Counts are kept in the buckets of HdrHistogram (1 us to 10 minutes, three significant digits), so
that the stored text can be read by any tool of that family. Memory is the same for ten values and
for ten billion.
"""

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
from hdrh.histogram import HdrHistogram

from bench.model import Distribution, Histogram
from bench.model.hdr import DIGITS, HIGHEST_US, LOWEST_US, filled_of

SAMPLES_BEYOND = 5
"""A percentile is told only where at least this many samples lie beyond it.

With fewer, it is a statement about one or two requests: p99 needs 500 samples, p99.9 needs 5,000
and p99.99 needs 50,000.
"""

Counts = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]

# HdrHistogram's layout for three digits: values below 2,048 have a bucket each; above, every
# doubling of the value is cut into 1,024 buckets.
_HALF_BITS = 10
_FINE = (2 << _HALF_BITS) - 1
_LENGTH = int(HdrHistogram(LOWEST_US, HIGHEST_US, DIGITS).counts_len)


def empty() -> Counts:
    """Counts of nothing: a zero for each bucket."""
    return np.zeros(_LENGTH, dtype=np.int64)


def fold(counts: Counts, seconds: Values) -> None:
    """Add each value to its bucket. What lies outside the range counts at its end."""
    values_us = np.clip(np.rint(seconds * 1e6), LOWEST_US, HIGHEST_US).astype(np.int64)
    counts += np.bincount(_bucket(values_us), minlength=counts.size)


def _bucket(values_us: Counts) -> Counts:
    # frexp's exponent is the number of bits of a whole number.
    bits = np.frexp((values_us | _FINE).astype(np.float64))[1].astype(np.int64)
    shift = bits - (_HALF_BITS + 1)
    return (shift << _HALF_BITS) + (values_us >> shift)


def _highest_us(bucket: int) -> int:
    """The highest value of a bucket, which HdrHistogram takes for all of its values."""
    shift = max(0, (bucket >> _HALF_BITS) - 1)
    return ((bucket - (shift << _HALF_BITS) + 1) << shift) - 1


def _middle_us(bucket: int) -> float:
    """The middle of a bucket: no value in it is further away than half the bucket's width."""
    width = 1 << max(0, (bucket >> _HALF_BITS) - 1)
    return _highest_us(bucket) - (width - 1) / 2


def of_counts(counts: Counts) -> Histogram:
    """The histogram of what has been folded so far. What is folded later does not change it."""
    return Histogram(filled_of(counts))


def merge(parts: Iterable[Distribution]) -> Distribution:
    """One distribution of all samples in `parts`, as if they had been recorded together."""
    told = tuple(part for part in parts if part.count)
    counts = empty()
    for part in told:
        buckets, samples = part.hdr.filled
        counts[buckets] += samples
    count = sum(part.count for part in told)
    total_s = math.fsum(part.mean_s * part.count for part in told)
    return Distribution(
        count=count,
        mean_s=total_s / count if count else 0.0,
        min_s=min((part.min_s for part in told), default=0.0),
        max_s=max((part.max_s for part in told), default=0.0),
        hdr=of_counts(counts),
    )


def tellable(count: int, percentile: float) -> bool:
    """Whether `count` samples are enough to speak of this percentile (0..100)."""
    # Rounded, because 100 - 99.9 is a little more than 0.1.
    return round(count * (100 - percentile) / 100, 6) >= SAMPLES_BEYOND


def samples_needed(percentile: float) -> int:
    """The fewest samples that are enough to speak of this percentile (0 to below 100)."""
    return math.ceil(round(SAMPLES_BEYOND * 100 / (100 - percentile), 6))


def percentiles(
    distribution: Distribution, wanted: Sequence[float]
) -> Mapping[float, float | None]:
    """Each wanted percentile (0..100) in seconds; None where the samples are too few."""
    told = [percentile for percentile in wanted if tellable(distribution.count, percentile)]
    found = dict(zip(told, quantiles_s(distribution, told), strict=True))
    return {percentile: found.get(percentile) for percentile in wanted}


def quantiles_s(distribution: Distribution, wanted: Sequence[float]) -> list[float]:
    """The percentiles `wanted` (0 to 100) in seconds: nearest rank, to 0.1 % by the buckets."""
    if not wanted:
        return []
    filled, counts = distribution.hdr.filled
    if not filled.size:
        return [distribution.max_s] * len(wanted)
    cumulated = np.cumsum(counts)
    total = int(cumulated[-1])
    # The smallest value that at least this share of the samples does not exceed.
    ranks = [max(1, math.ceil(round(percentile / 100 * total, 6))) for percentile in wanted]
    buckets = filled[np.searchsorted(cumulated, ranks)]
    # A bucket's middle may lie beyond what was measured; the exact extremes do not.
    return [
        min(max(_middle_us(int(bucket)) / 1e6, distribution.min_s), distribution.max_s)
        for bucket in buckets
    ]
