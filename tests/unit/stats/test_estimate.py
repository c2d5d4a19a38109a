"""Means and their intervals, against R's output, scipy by another path, and simulation."""

import math

import numpy as np
import pytest
import scipy  # its statistics take a second to load: only where they are used
from hypothesis import given
from hypothesis import strategies as st

from bench.model import Estimate
from bench.stats.estimate import exponential, is_bounded, logarithms, mean_estimate

# R's data set `sleep`, extra[group 1] - extra[group 2] (Student 1908, table of Cushny and Peebles).
SLEEP_DIFFERENCES = [-1.2, -2.4, -1.3, -1.3, 0.0, -1.0, -1.8, -0.8, -4.6, -1.4]

rates = st.lists(st.floats(1e-3, 1e6), min_size=2, max_size=30)


def geometric_mean(values: list[float]) -> Estimate:
    """A mean on the logarithmic scale, transformed back, as ratios are estimated."""
    return exponential(mean_estimate(logarithms(values)))


def test_mean_of_the_sleep_data_is_what_r_prints() -> None:
    """Mean and interval are R's own figures for its textbook data."""
    # R: t.test(Pair(extra.1, extra.2) ~ 1, data = sleep2), from example(t.test)
    estimate = mean_estimate(SLEEP_DIFFERENCES)
    assert estimate.point == pytest.approx(-1.58)
    assert (estimate.low, estimate.high) == pytest.approx((-2.4598858, -0.7001142), abs=5e-8)
    assert (estimate.level, estimate.n) == (0.95, 10)


@given(values=rates, level=st.sampled_from([0.5, 0.9, 0.95, 0.99, 0.9967]))
def test_mean_interval_is_that_of_scipy_stats(values: list[float], level: float) -> None:
    """For any values and level the interval is SciPy's."""
    estimate = mean_estimate(values, level)
    error = scipy.stats.sem(values)
    scale = max(values)
    if error > 0:
        low, high = scipy.stats.t.interval(level, len(values) - 1, loc=np.mean(values), scale=error)
        assert estimate.low == pytest.approx(low, rel=1e-9, abs=1e-9 * scale)
        assert estimate.high == pytest.approx(high, rel=1e-9, abs=1e-9 * scale)


def test_geometric_mean_of_textbook_numbers() -> None:
    """Numbers that can be checked in the head."""
    assert geometric_mean([2, 8]).point == pytest.approx(4)
    assert geometric_mean([4, 1, 1 / 32]).point == pytest.approx(0.5)


@given(values=rates)
def test_geometric_mean_is_that_of_scipy_stats(values: list[float]) -> None:
    """For any rates the geometric mean is SciPy's."""
    assert geometric_mean(values).point == pytest.approx(scipy.stats.gmean(values), rel=1e-9)


@given(values=rates, factor=st.floats(1e-3, 1e3))
def test_geometric_mean_scales_with_its_unit(values: list[float], factor: float) -> None:
    """Another unit changes the figure and its interval by its factor, and nothing else."""
    plain = geometric_mean(values)
    scaled = geometric_mean([factor * value for value in values])
    assert scaled.point == pytest.approx(factor * plain.point, rel=1e-9)
    if plain.low > 1e-200 and plain.high < 1e200:
        assert scaled.low == pytest.approx(factor * plain.low, rel=1e-6)
        assert scaled.high == pytest.approx(factor * plain.high, rel=1e-6)


def test_one_round_has_no_interval() -> None:
    """A single round has a figure and an interval without bounds."""
    mean = mean_estimate([42.0])
    assert (mean.point, mean.low, mean.high, mean.n) == (42.0, -math.inf, math.inf, 1)
    geometric = geometric_mean([42.0])
    assert geometric.point == pytest.approx(42.0)
    assert (geometric.low, geometric.high) == (0.0, math.inf)
    assert not is_bounded(mean)
    assert not is_bounded(geometric)
    assert is_bounded(mean_estimate([1.0, 2.0]))


def test_equal_rounds_have_an_interval_of_no_width() -> None:
    """Rounds without spread leave no doubt."""
    estimate = mean_estimate([5.0, 5.0, 5.0])
    assert (estimate.point, estimate.low, estimate.high) == (5.0, 5.0, 5.0)


def test_a_huge_interval_becomes_infinite_instead_of_failing() -> None:
    """What a number cannot hold is without bounds, not an error."""
    estimate = geometric_mean([1e-300, 1e300])
    assert (estimate.low, estimate.high) == (0.0, math.inf)


@pytest.mark.parametrize("values", [[], [1.0, math.nan], [math.inf]])
def test_a_mean_refuses_what_has_none(values: list[float]) -> None:
    """No values, or values that are not finite, are refused."""
    with pytest.raises(ValueError, match="value"):
        mean_estimate(values)


@pytest.mark.parametrize("bad", [0.0, -1.0, math.nan, math.inf])
def test_a_geometric_mean_refuses_rates_without_logarithm(bad: float) -> None:
    """A rate that is not positive and finite is refused."""
    with pytest.raises(ValueError, match="positive and finite"):
        geometric_mean([1.0, bad])


@pytest.mark.parametrize("level", [0.0, 1.0, 95.0, math.nan])
def test_a_level_is_a_probability(level: float) -> None:
    """A level outside 0 to 1 is refused."""
    with pytest.raises(ValueError, match="level"):
        mean_estimate([1.0, 2.0], level)


@pytest.mark.parametrize("n", [2, 3, 6, 20])
def test_the_interval_covers_the_truth_as_often_as_it_says(n: int) -> None:
    """Of 2,000 simulated runs, 95 % of the intervals hold the true mean."""
    random = np.random.default_rng(20_000 + n)
    samples = random.normal(10.0, 2.0, size=(2_000, n))
    estimates = [mean_estimate(sample.tolist()) for sample in samples]
    covered = sum(e.low <= 10.0 <= e.high for e in estimates)
    assert covered / 2_000 == pytest.approx(0.95, abs=0.02)  # four standard errors of a count
