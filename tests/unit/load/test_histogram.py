import numpy as np
import pytest
from hdrh.histogram import HdrHistogram
from hypothesis import given
from hypothesis import strategies as st

from bench import histogram
from bench.load.recorder import DurationRecorder
from bench.model import Distribution, Histogram

microseconds = st.integers(min_value=1, max_value=histogram.HIGHEST_US)
samples = st.lists(microseconds, min_size=1, max_size=200)


def recorded(values_us: list[int]) -> Distribution:
    series = DurationRecorder()
    for value_us in values_us:
        series.add(value_us / 1e6)
    return series.distribution()


def reference(values_us: list[int]) -> HdrHistogram:
    """The same values counted by HdrHistogram itself."""
    counted = HdrHistogram(histogram.LOWEST_US, histogram.HIGHEST_US, histogram.DIGITS)
    for value_us in values_us:
        counted.record_value(value_us)
    return counted


@given(samples)
def test_counts_are_those_of_hdrhistogram(values_us: list[int]) -> None:
    """The lab's buckets are HdrHistogram's own, for any values."""
    ours = HdrHistogram.decode(recorded(values_us).hdr.text)
    theirs = reference(values_us)
    assert list(ours.counts) == list(theirs.counts)
    assert ours.total_count == len(values_us)


@given(samples)
def test_hdrhistograms_own_text_can_be_read(values_us: list[int]) -> None:
    """What HdrHistogram itself has encoded decodes to its counts."""
    theirs = reference(values_us)
    buckets, filled = Histogram(theirs.encode().decode()).filled
    counts = histogram.empty()
    counts[buckets] = filled
    assert counts.tolist() == list(theirs.counts)


@given(samples, samples)
def test_a_histogram_is_the_same_value_from_counts_and_from_text(
    values_us: list[int], others_us: list[int]
) -> None:
    """Equal are those that count the same, whichever they were made of."""
    counted, other = recorded(values_us).hdr, recorded(others_us).hdr
    read = Histogram(counted.text)
    assert read == counted
    assert hash(read) == hash(counted)
    assert (read == other) == (counted.text == other.text)


def test_a_distribution_does_not_change_when_its_recorder_goes_on() -> None:
    """What was told of a window stays what it was."""
    series = DurationRecorder()
    series.add(0.001)
    told = series.distribution()
    series.add(0.001)
    assert told == recorded([1000])
    assert series.distribution() != told


@given(st.integers(min_value=0), st.floats(min_value=0.01, max_value=3), st.integers(500, 1500))
def test_percentiles_are_within_a_thousandth_of_the_sorted_samples(
    seed: int, spread: float, count: int
) -> None:
    """A percentile is that of the sorted values, but for the width of a bucket."""
    drawn = np.random.default_rng(seed).lognormal(mean=8, sigma=spread, size=count)
    values_us = sorted(max(1, int(value_us)) for value_us in drawn)
    told = histogram.percentiles(recorded(values_us), (50, 90, 99))
    for percentile, value_s in told.items():
        # The smallest sample that this share of all does not exceed: its rank is rounded up.
        rank = -(-percentile * count // 100)
        assert value_s == pytest.approx(values_us[int(rank) - 1] / 1e6, rel=1e-3)


@given(st.floats(min_value=1e-6, max_value=600))
def test_the_error_is_half_a_microsecond_or_a_twentieth_of_a_percent(value_s: float) -> None:
    """What the method page says of a stored value: below 1 ms the rounding to whole us decides."""
    counts = histogram.empty()
    histogram.fold(counts, np.array([value_s] * 10))
    far = Distribution(10, mean_s=value_s, min_s=0.0, max_s=1e9, hdr=histogram.of_counts(counts))
    (told_s,) = histogram.quantiles_s(far, [50])
    assert abs(told_s - value_s) <= max(0.5e-6, 0.0005 * value_s) * (1 + 1e-9)


@given(st.lists(samples, min_size=1, max_size=4))
def test_merging_equals_recording_together(parts: list[list[int]]) -> None:
    """Merged parts are what one recorder would have seen."""
    merged = histogram.merge(recorded(part) for part in parts)
    together = recorded([value for part in parts for value in part])
    assert merged.hdr == together.hdr
    assert merged.hdr.text == together.hdr.text
    assert (merged.count, merged.min_s, merged.max_s) == (
        together.count,
        together.min_s,
        together.max_s,
    )
    assert merged.mean_s == pytest.approx(together.mean_s)


def test_merging_nothing_is_empty() -> None:
    """The merger of nothing has no percentile."""
    merged = histogram.merge([])
    assert (merged.count, merged.mean_s, merged.min_s, merged.max_s) == (0, 0, 0, 0)
    assert histogram.percentiles(merged, (50,)) == {50: None}


def test_an_empty_distribution_changes_nothing_when_merged() -> None:
    """Nothing added to something is the same thing."""
    full = recorded([100, 200])
    assert histogram.merge([DurationRecorder().distribution(), full]) == full


@pytest.mark.parametrize(
    ("percentile", "needed"),
    [(50, 10), (90, 50), (95, 100), (99, 500), (99.9, 5_000), (99.99, 50_000)],
)
def test_a_percentile_needs_five_samples_beyond_it(percentile: float, needed: int) -> None:
    """A percentile is told from just the count on that leaves five values beyond it."""
    assert histogram.tellable(needed, percentile)
    assert not histogram.tellable(needed - 1, percentile)


def test_what_lies_outside_the_range_counts_at_its_end() -> None:
    """No value is lost for being too small or too large."""
    counts = histogram.empty()
    histogram.fold(counts, np.array([0.0, -1.0, 1e-9, 601.0, 1e6]))
    assert counts[1] == 3
    assert counts.sum() == 5


def test_extremes_and_mean_are_exact_where_the_buckets_are_not() -> None:
    """Minimum, maximum and mean are those of the values, not of their buckets."""
    told = recorded([1_234_567, 7_654_321, 7_654_323])
    assert (told.min_s, told.max_s) == (1.234567, 7.654323)
    assert told.mean_s == pytest.approx((1.234567 + 7.654321 + 7.654323) / 3, rel=1e-12)


def test_another_precision_is_refused() -> None:
    """A histogram with other buckets is refused, not misread."""
    with pytest.raises(ValueError, match="instead of"):
        _ = Histogram(HdrHistogram(1, histogram.HIGHEST_US, 2).encode().decode()).filled


def test_a_block_is_folded_without_losing_a_value() -> None:
    """More values than a block holds are all counted."""
    values_us = [1 + number % 5000 for number in range(20_001)]
    told = recorded(values_us)
    assert told.count == 20_001
    assert told.hdr.text == reference(values_us).encode().decode()
