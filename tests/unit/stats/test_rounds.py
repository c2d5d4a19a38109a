"""Rounds needed, against a search with scipy.stats."""

import math

import pytest
import scipy  # its statistics take a second to load: only where they are used
from hypothesis import given
from hypothesis import strategies as st

from bench.model import Estimate
from bench.stats.ratio import LogRatio
from bench.stats.rounds import relative_half_width, rounds_for_half_width


def of_spread(sd: float, mean: float = 0.0) -> LogRatio:
    return LogRatio(mean, (5,), (sd**2,))


@pytest.mark.parametrize(
    ("sd", "half_width", "rounds"),
    [
        # t(5) = 2.5706: 2.5706 * 0.027 / sqrt(6) = 0.0283, and ln 1.03 = 0.0296; t(4) gives 0.0335
        (0.027, 0.03, 6),
        # t(14) = 2.1448: 2.1448 * 0.054 / sqrt(15) = 0.0299; t(15) gives 0.0288
        (0.054, 0.03, 16),
        (0.0, 0.03, 2),
    ],
)
def test_rounds_by_hand(sd: float, half_width: float, rounds: int) -> None:
    """The number of rounds is that of worked examples."""
    assert rounds_for_half_width(of_spread(sd), half_width) == rounds


@given(sd=st.floats(0.001, 0.2), half=st.floats(0.01, 0.3), level=st.sampled_from([0.9, 0.95]))
def test_it_is_the_first_number_that_suffices(sd: float, half: float, level: float) -> None:
    """No smaller number of rounds would make the interval as narrow."""

    def reach(n: int) -> float:
        return float(scipy.stats.t.isf((1 - level) / 2, n - 1)) * sd / math.sqrt(n)

    expected = next((n for n in range(2, 1001) if reach(n) <= math.log1p(half)), None)
    assert rounds_for_half_width(of_spread(sd), half, level) == expected


def test_hopeless_is_none() -> None:
    """A width that the limit of rounds does not reach has no number."""
    assert rounds_for_half_width(of_spread(1.0), 0.01) is None
    assert rounds_for_half_width(of_spread(0.054), 0.03, limit=10) is None
    assert rounds_for_half_width(of_spread(0.1), 0.0) is None


def test_two_unpaired_runs_need_n_rounds_each() -> None:
    """Two runs apart need rounds by both their spreads."""
    ratio = LogRatio(0.0, (5, 5), (0.02**2, 0.02**2))
    needed = rounds_for_half_width(ratio, 0.03)
    # Equal variances: sd sqrt(2) * 0.02 = 0.0283 at 2 (n - 1) degrees of freedom.
    expected = next(
        n
        for n in range(2, 100)
        if scipy.stats.t.isf(0.025, 2 * n - 2) * 0.02 * math.sqrt(2 / n) <= math.log1p(0.03)
    )
    assert needed == expected


def test_what_cannot_be_known_is_refused() -> None:
    """Without a spread, or for a negative width, no number is made up."""
    with pytest.raises(ValueError, match="at least 2 rounds"):
        rounds_for_half_width(LogRatio(0.0, (1,), None), 0.03)
    with pytest.raises(ValueError, match="negative"):
        rounds_for_half_width(of_spread(0.1), -0.1)


def test_the_width_of_an_interval() -> None:
    """The half width is relative to the figure, and infinite without bounds."""
    assert relative_half_width(Estimate(2.0, 1.9, 2.1, 0.95, 5)) == pytest.approx(0.05)
    assert relative_half_width(Estimate(2.0, 0.0, math.inf, 0.95, 1)) == math.inf
