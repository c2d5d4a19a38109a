"""Change points: planted shifts are found, noise is not."""

import math

import numpy as np
import pytest

from bench.stats.changes import (
    FEWEST,
    change_points,
    runs_needed,
    smallest_visible,
    stretches,
)


def noise(length: int, seed: int = 1, spread: float = 0.02) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, spread, length)


def found(values, error: float = 0.05) -> list[int]:
    return [point.index for point in change_points(values, error)]


def test_a_planted_shift_is_found_where_it_is() -> None:
    """12 % slower from the 15th of 24 runs on, with 2 % of noise."""
    values = noise(24)
    values[14:] += math.log(0.88)
    assert found(values) == [14]


def test_a_shift_and_the_way_back_are_both_found() -> None:
    """A regression that was mended later leaves equal ends: single steps would overlook it."""
    values = noise(30)
    values[12:18] -= 0.12
    assert found(values) == [12, 18]


def test_several_shifts_are_found() -> None:
    """A staircase has all its steps."""
    values = noise(40)
    for start in (10, 20, 30):
        values[start:] += 0.15
    assert found(values) == [10, 20, 30]


@pytest.mark.parametrize("length", [6, 10, 20, 40])
def test_pure_noise_shows_a_change_no_more_often_than_stated(length: int) -> None:
    """Of 400 series without a change, at most 5 % and chance show one (p < 1e-4 otherwise)."""
    rng = np.random.default_rng(length)
    wrong = sum(bool(change_points(rng.normal(size=length), 0.05)) for _ in range(400))
    assert wrong <= 0.05 * 400 + 3.8 * math.sqrt(400 * 0.05 * 0.95)


def test_the_error_rate_is_that_which_was_asked_for() -> None:
    """The check above can fail: at 50 % noise shows changes in plenty."""
    rng = np.random.default_rng(7)
    assert sum(bool(change_points(rng.normal(size=10), 0.5)) for _ in range(200)) > 40


def test_one_bad_run_is_no_change() -> None:
    """A single outlier is no lasting shift, however far off."""
    values = noise(20)
    values[9] -= 0.7
    assert found(values) == []


def test_too_few_runs_show_nothing() -> None:
    """Three runs of each kind are the least that can be told apart."""
    assert found([1.0, 1.0, 9.0, 9.0, 9.0]) == []
    assert found([0.999, 1.0, 1.001, 1.999, 2.0, 2.001]) == [3]
    assert FEWEST == 6


def test_series_without_any_scatter() -> None:
    """Equal values have no change; two levels without scatter have one."""
    assert found([0.1] * 12) == []
    assert found([0.1] * 6 + [0.3] * 6) == [6]
    assert found([]) == []


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_is_no_number_is_refused(value: float) -> None:
    """The logarithm of a rate of 0 must not get this far."""
    with pytest.raises(ValueError, match="finite"):
        change_points([0.0, value])


@pytest.mark.parametrize("error", [0.0, 1.0])
def test_an_impossible_error_rate_is_refused(error: float) -> None:
    """An error rate that is no probability is refused."""
    with pytest.raises(ValueError, match="error rate"):
        change_points([0.0], error)


def test_the_smallest_visible_change_is_found_about_half_of_the_time() -> None:
    """What is promised to be visible is: a shift of that size, planted in the middle."""
    rng = np.random.default_rng(5)
    reach = smallest_visible(noise(20, spread=1.0), [], 0.05)
    assert reach is not None
    true_reach = reach / np.std(noise(20, spread=1.0), ddof=1)
    series = rng.normal(size=(300, 20))
    series[:, 10:] += true_reach
    seen = sum(bool(change_points(values, 0.05)) for values in series) / 300
    assert 0.35 < seen < 0.75


def test_runs_needed_grow_with_the_noise_and_shrink_with_the_shift() -> None:
    """And never fall below what can show anything."""
    calm, wild = noise(12, spread=0.01), noise(12, spread=0.05)
    few, many = (runs_needed(values, [], 0.05, 0.05) for values in (calm, wild))
    assert few is not None
    assert many is not None
    assert FEWEST <= few < many
    assert runs_needed(calm, [], 1.0, 0.05) == FEWEST
    assert runs_needed(wild, [], 1e-4, 0.05) is None
    assert runs_needed([0.1, 0.2], [], 0.05, 0.05) is None


def test_a_known_change_does_not_count_as_scatter() -> None:
    """The spread is that around the means between changes."""
    values = noise(20)
    calm = smallest_visible(values, [], 0.05)
    values[10:] += 1.0
    assert smallest_visible(values, [10], 0.05) == pytest.approx(calm, rel=0.1)


def test_stretches_lie_between_the_edges() -> None:
    """Change points cut a series into stretches without a gap."""
    assert stretches([3, 7], 10) == ((0, 3), (3, 7), (7, 10))
    assert stretches([], 4) == ((0, 4),)
