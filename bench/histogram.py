"""Latency distributions: counting, storing, merging and asking for percentiles.

Counts are kept in the buckets of HdrHistogram (1 us to 10 minutes, three significant digits), so
that the stored text can be read by any tool of that family. Memory is the same for ten values and
for ten billion.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from hdrh.histogram import HdrHistogram

from bench.model import Distribution

LOWEST_US = 1
HIGHEST_US = 600_000_000
DIGITS = 3

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


def empty() -> Counts:
    """Counts of nothing: a zero for each bucket."""
    return np.zeros(_counts_length(), dtype=np.int64)


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


def _counts_length() -> int:
    return int(HdrHistogram(LOWEST_US, HIGHEST_US, DIGITS).counts_len)


def encode(counts: Counts) -> str:
    """The counts in HdrHistogram's compressed base64 V2 encoding."""
    histogram = HdrHistogram(LOWEST_US, HIGHEST_US, DIGITS)
    np.frombuffer(histogram.counts, dtype=np.uint64)[:] = counts
    used = np.flatnonzero(counts)
    if used.size:
        histogram.total_count = int(counts.sum())
        histogram.min_value = _highest_us(int(used[0]))
        histogram.max_value = _highest_us(int(used[-1]))
    text: bytes = histogram.encode()
    return text.decode("ascii")


@lru_cache(maxsize=32)  # of some 150 kB each
def decode(text: str) -> Counts:
    """The counts in an encoded histogram. Whoever asks again gets the same, so they are read-only.

    Raises ValueError when it has another range or precision.
    """
    histogram = HdrHistogram.decode(text)
    shape = (
        histogram.lowest_trackable_value,
        histogram.highest_trackable_value,
        histogram.significant_figures,
    )
    if shape != (LOWEST_US, HIGHEST_US, DIGITS):
        raise ValueError(f"a histogram of {shape} instead of {(LOWEST_US, HIGHEST_US, DIGITS)}")
    counts = np.frombuffer(histogram.counts, dtype=np.uint64).astype(np.int64)
    counts.flags.writeable = False
    return counts


def merge(parts: Iterable[Distribution]) -> Distribution:
    """One distribution of all samples in `parts`, as if they had been recorded together."""
    return _merged(tuple(part for part in parts if part.count))


@lru_cache(maxsize=1024)
def _merged(filled: tuple[Distribution, ...]) -> Distribution:
    """Of the same windows a report asks for a dozen metrics."""
    counts = empty()
    for part in filled:
        counts += decode(part.hdr)
    count = sum(part.count for part in filled)
    total_s = math.fsum(part.mean_s * part.count for part in filled)
    return Distribution(
        count=count,
        mean_s=total_s / count if count else 0.0,
        min_s=min((part.min_s for part in filled), default=0.0),
        max_s=max((part.max_s for part in filled), default=0.0),
        hdr=encode(counts),
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
    cumulated = np.cumsum(decode(distribution.hdr))
    total = int(cumulated[-1])
    # The smallest value that at least this share of the samples does not exceed.
    ranks = [max(1, math.ceil(round(percentile / 100 * total, 6))) for percentile in wanted]
    buckets = np.searchsorted(cumulated, ranks)
    # A bucket's middle may lie beyond what was measured; the exact extremes do not.
    return [
        min(max(_middle_us(int(bucket)) / 1e6, distribution.min_s), distribution.max_s)
        for bucket in buckets
    ]
