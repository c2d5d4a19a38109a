"""Ratios of rates, against R's output, scipy by another path, and simulation."""

import math

import numpy as np
import pytest
import scipy  # its statistics take a second to load: only where they are used
from hypothesis import given
from hypothesis import strategies as st

from bench.stats.ratio import (
    LogRatio,
    degrees_of_freedom,
    invalid_rounds,
    paired_log_ratio,
    paired_rounds,
    ratio_estimate,
    standard_error,
    unpaired_log_ratio,
)
from bench.stats.student import two_sided_p

# R's data set `sleep`. Rates are exp(extra), so that log ratios are the differences R looks at.
GROUP_1 = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
GROUP_2 = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]
SLEEP_1 = {i: math.exp(extra) for i, extra in enumerate(GROUP_1)}
SLEEP_2 = {i: math.exp(extra) for i, extra in enumerate(GROUP_2)}

pairs = st.lists(st.tuples(st.floats(1, 1e5), st.floats(1, 1e5)), min_size=2, max_size=20)


def no_difference_p(ratio: LogRatio) -> float:
    """The paired t-test on log rates, or Welch's: the p-value of "the ratio is 1"."""
    return two_sided_p(ratio.mean, standard_error(ratio), degrees_of_freedom(ratio))


def by_round(values: list[float]) -> dict[int, float]:
    return dict(enumerate(values, start=1))


def test_paired_sleep_data_is_what_r_prints() -> None:
    """The paired test is R's, to the digits that R prints."""
    # R: t.test(extra ~ group, data = sleep, paired = TRUE), R before 4.4
    ratio = paired_log_ratio(SLEEP_1, SLEEP_2)
    assert ratio.mean / standard_error(ratio) == pytest.approx(-4.0621, abs=5e-5)
    assert degrees_of_freedom(ratio) == pytest.approx(9)
    assert no_difference_p(ratio) == pytest.approx(0.002833, abs=5e-7)
    estimate = ratio_estimate(ratio)
    logs = [math.log(value) for value in (estimate.point, estimate.low, estimate.high)]
    assert logs == pytest.approx([-1.58, -2.4598858, -0.7001142], abs=5e-8)
    assert estimate.n == 10


def test_unpaired_sleep_data_is_what_r_prints() -> None:
    """Welch's test is R's, to the digits that R prints."""
    # R: t.test(extra ~ group, data = sleep), Welch's test
    ratio = unpaired_log_ratio(SLEEP_1, SLEEP_2)
    assert ratio.mean / standard_error(ratio) == pytest.approx(-1.8608, abs=5e-5)
    assert degrees_of_freedom(ratio) == pytest.approx(17.776, abs=5e-4)
    assert no_difference_p(ratio) == pytest.approx(0.07939, abs=5e-6)
    estimate = ratio_estimate(ratio)
    logs = [math.log(estimate.low), math.log(estimate.high)]
    assert logs == pytest.approx([-3.3654832, 0.2054832], abs=5e-8)


@given(rates=pairs)
def test_paired_p_value_is_that_of_scipy_stats(rates: list[tuple[float, float]]) -> None:
    """For any rates the paired test is SciPy's."""
    ours, theirs = ([rate[i] for rate in rates] for i in (0, 1))
    ratio = paired_log_ratio(by_round(ours), by_round(theirs))
    if standard_error(ratio) > 1e-6:
        expected = scipy.stats.ttest_rel(np.log(ours), np.log(theirs))
        assert no_difference_p(ratio) == pytest.approx(expected.pvalue, rel=1e-6, abs=1e-12)
        interval = expected.confidence_interval(0.9)
        estimate = ratio_estimate(ratio, 0.9)
        assert math.log(estimate.low) == pytest.approx(interval.low, rel=1e-6, abs=1e-9)
        assert math.log(estimate.high) == pytest.approx(interval.high, rel=1e-6, abs=1e-9)


def test_unpaired_samples_of_different_sizes_are_those_of_scipy_stats() -> None:
    """Welch's test does not need as many rounds on both sides."""
    random = np.random.default_rng(7)
    ours, theirs = random.normal(5, 0.1, 4), random.normal(5.1, 0.3, 11)
    expected = scipy.stats.ttest_ind(ours, theirs, equal_var=False)
    ratio = unpaired_log_ratio(by_round(np.exp(ours).tolist()), by_round(np.exp(theirs).tolist()))
    assert no_difference_p(ratio) == pytest.approx(expected.pvalue, rel=1e-9)
    assert degrees_of_freedom(ratio) == pytest.approx(expected.df, rel=1e-9)
    assert ratio.rounds == 4


@given(rates=pairs)
def test_swapping_the_two_inverts_the_ratio(rates: list[tuple[float, float]]) -> None:
    """Whichever of the two is named first, the finding is the same."""
    ours, theirs = (by_round([rate[i] for rate in rates]) for i in (0, 1))
    there = ratio_estimate(paired_log_ratio(ours, theirs))
    back = ratio_estimate(paired_log_ratio(theirs, ours))
    assert back.point == pytest.approx(1 / there.point, rel=1e-9)
    if there.low > 0 and there.high < math.inf:
        assert back.low == pytest.approx(1 / there.high, rel=1e-9)
        assert back.high == pytest.approx(1 / there.low, rel=1e-9)


@given(rates=pairs, drift=st.lists(st.floats(0.5, 2), min_size=20, max_size=20))
def test_what_a_round_does_to_both_cancels(
    rates: list[tuple[float, float]], drift: list[float]
) -> None:
    """A machine that is slower in one round changes no paired ratio."""
    ours, theirs = (by_round([rate[i] for rate in rates]) for i in (0, 1))
    slow_ours, slow_theirs = (
        by_round([rate[i] * factor for rate, factor in zip(rates, drift, strict=False)])
        for i in (0, 1)
    )
    plain = paired_log_ratio(ours, theirs)
    drifted = paired_log_ratio(slow_ours, slow_theirs)
    assert drifted.mean == pytest.approx(plain.mean, abs=1e-9)
    assert standard_error(drifted) == pytest.approx(standard_error(plain), abs=1e-9)


@pytest.mark.parametrize(("rounds", "left_over"), [(4, 0.0), (5, -0.03 / 5)])
def test_a_steady_drift_cancels_over_an_even_number_of_abba_rounds(
    rounds: int, left_over: float
) -> None:
    """Reversing every second round takes a steady drift out of the mean."""
    ours, theirs = {}, {}
    for round_ in range(rounds):  # each cell is 3 % slower than the one before it
        first, second = math.exp(-0.03 * 2 * round_), math.exp(-0.03 * (2 * round_ + 1))
        ours[round_], theirs[round_] = (first, second) if round_ % 2 else (second, first)
    assert paired_log_ratio(ours, theirs).mean == pytest.approx(left_over, abs=1e-12)


def test_only_rounds_that_are_valid_in_both_pair() -> None:
    """A round that is missing or invalid on one side pairs with nothing."""
    ours = {1: 10.0, 2: None, 3: 30.0, 5: 50.0}
    theirs = {5: 5.0, 2: 2.0, 1: 1.0, 4: 4.0}
    assert paired_rounds(ours, theirs) == (1, 5)
    assert invalid_rounds(ours) == (2,)
    ratio = paired_log_ratio(ours, theirs)
    assert ratio.rounds == 2
    assert math.exp(ratio.mean) == pytest.approx(10)


def test_one_pair_has_a_ratio_but_no_interval() -> None:
    """One round gives a ratio, and no word on its certainty."""
    ratio = paired_log_ratio({1: 3.0}, {1: 2.0})
    estimate = ratio_estimate(ratio)
    assert estimate.point == pytest.approx(1.5)
    assert (estimate.low, estimate.high, estimate.n) == (0.0, math.inf, 1)
    with pytest.raises(ValueError, match="at least 2"):
        no_difference_p(ratio)


def test_equal_ratios_leave_no_doubt() -> None:
    """Ratios without spread are certain, one way or the other."""
    assert no_difference_p(LogRatio(0.1, (3,), (0.0,))) == 0
    assert no_difference_p(LogRatio(0.0, (3,), (0.0,))) == 1
    assert degrees_of_freedom(LogRatio(0.1, (3, 4), (0.0, 0.0))) == 5


def test_no_shared_round_is_refused() -> None:
    """Two that never met in a round cannot be compared."""
    with pytest.raises(ValueError, match="no round"):
        paired_log_ratio({1: 1.0}, {2: 1.0})
    with pytest.raises(ValueError, match="at least one"):
        unpaired_log_ratio({1: 1.0}, {1: None})


def test_a_rate_of_zero_is_refused() -> None:
    """A rate of zero has no ratio."""
    with pytest.raises(ValueError, match="positive"):
        paired_log_ratio({1: 0.0}, {1: 1.0})


def test_the_interval_covers_the_truth_under_drift_shared_by_both() -> None:
    """With a machine that varies by 30 % between rounds, 95 % intervals hold the true ratio as
    often."""
    random = np.random.default_rng(11)
    covered = 0
    for _ in range(1_000):
        machine = random.normal(0, 0.3, 6)
        ours = np.exp(machine + random.normal(math.log(1.5), 0.02, 6))
        theirs = np.exp(machine + random.normal(0, 0.02, 6))
        ratio = paired_log_ratio(by_round(ours.tolist()), by_round(theirs.tolist()))
        estimate = ratio_estimate(ratio)
        covered += estimate.low <= 1.5 <= estimate.high
    assert covered / 1_000 == pytest.approx(0.95, abs=0.03)
