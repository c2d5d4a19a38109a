from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.load.pacing import Schedule, arrivals
from bench.model import OpenLoop

rates = st.floats(min_value=0.1, max_value=100_000)


def first(count: int, pacing: OpenLoop, seed: int = 1) -> list[float]:
    return list(islice(arrivals(pacing, seed), count))


@pytest.mark.parametrize(
    ("rate_per_s", "expected"),
    [(1, [0, 1, 2, 3]), (4, [0, 0.25, 0.5, 0.75]), (0.5, [0, 2, 4, 6]), (3, [0, 1 / 3, 2 / 3, 1])],
)
def test_constant_arrivals_are_evenly_spaced(rate_per_s: float, expected: list[float]) -> None:
    """Each arrival is one period after the last."""
    assert first(4, OpenLoop(rate_per_s)) == pytest.approx(expected)


def test_constant_arrivals_do_not_drift() -> None:
    """The hundred-thousandth arrival is exactly where it should be."""
    # 0.001 cannot be written exactly in binary; adding it up 100,000 times would show.
    assert first(100_001, OpenLoop(1000))[-1] == 100.0


@pytest.mark.parametrize("rate_per_s", [0, -1])
def test_a_rate_must_be_positive(rate_per_s: float) -> None:
    """No rate, or a negative one, is refused."""
    with pytest.raises(ValueError, match="rate"):
        arrivals(OpenLoop(rate_per_s), 1)


@given(rates, st.integers())
def test_poisson_arrivals_ascend_and_repeat_with_their_seed(rate_per_s: float, seed: int) -> None:
    """The same seed gives the same arrivals, another one others."""
    pacing = OpenLoop(rate_per_s, "poisson")
    due_s = first(50, pacing, seed)
    assert due_s == sorted(due_s)
    assert due_s == first(50, pacing, seed)
    assert due_s != first(50, pacing, seed + 1)


def test_poisson_gaps_have_the_mean_and_spread_of_an_exponential() -> None:
    """Mean and standard deviation of the gaps are both one period."""
    due_s = first(100_001, OpenLoop(200, "poisson"), seed=7)
    gaps_s = [later - earlier for earlier, later in pairwise(due_s)]
    mean_s = sum(gaps_s) / len(gaps_s)
    spread_s = (sum((gap - mean_s) ** 2 for gap in gaps_s) / len(gaps_s)) ** 0.5
    assert mean_s == pytest.approx(1 / 200, rel=0.02)
    assert spread_s == pytest.approx(1 / 200, rel=0.02)


@given(rates, st.lists(st.floats(min_value=0, max_value=0.01), max_size=20))
def test_whatever_the_wake_ups_each_arrival_is_handed_out_once(
    rate_per_s: float, sleeps_s: list[float]
) -> None:
    """However irregularly one looks, no arrival is lost, early or doubled."""
    schedule = Schedule(arrivals(OpenLoop(rate_per_s), 1))
    handed_out: list[float] = []
    now_s = 0.0
    for sleep_s in sleeps_s:
        now_s += sleep_s
        due_s = schedule.take_due(now_s)
        assert all(each <= now_s for each in due_s)
        assert schedule.next_s > now_s
        handed_out += due_s
    assert handed_out == first(len(handed_out), OpenLoop(rate_per_s))


def test_a_late_wake_up_hands_out_everything_that_came_due() -> None:
    """Arrivals that were slept over all come at once."""
    schedule = Schedule(arrivals(OpenLoop(10), 1))
    assert schedule.take_due(0.35) == pytest.approx([0, 0.1, 0.2, 0.3])
    assert schedule.take_due(0.35) == []
    assert schedule.next_s == pytest.approx(0.4)
