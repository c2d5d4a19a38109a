"""The search for the highest rate: right for every monotone truth, honest about noise."""

import math
import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.stats.search import Answer, Mark, Search, Trial, answer, next_rate

SEARCH = Search(start_per_s=400, lowest_per_s=20, highest_per_s=8000)
Oracle = Callable[[float], Mark]


def searched(search: Search, oracle: Oracle) -> tuple[Answer, list[Trial]]:
    trials: list[Trial] = []
    while (rate := next_rate(search, trials)) is not None:
        trials.append(Trial(rate, oracle(rate)))
    return answer(search, trials), trials


def below(threshold: float) -> Oracle:
    return lambda rate: "passed" if rate <= threshold else "failed"


def marked(search: Search, *marks: tuple[int, Mark]) -> list[Trial]:
    return [Trial(search.rate_per_s(step), mark) for step, mark in marks]


@given(threshold=st.floats(25, 6000), start=st.floats(25, 6000), tolerance=st.floats(0.005, 0.2))
def test_it_finds_any_threshold(threshold: float, start: float, tolerance: float) -> None:
    """Within the tolerance, confirmed on both sides, without contradiction, in bounded steps."""
    search = Search(start, 20, 8000, tolerance)
    found, trials = searched(search, below(threshold))
    assert found.kind == "found"
    assert found.lower_per_s <= threshold < found.upper_per_s
    assert found.upper_per_s / found.lower_per_s == pytest.approx(1 + tolerance)
    assert found.contradictions == ()
    distance = abs(search.step(threshold)) + 2
    assert len(trials) <= 2 * math.log2(distance) + 6


@given(
    threshold=st.floats(25, 7000),
    noise=st.floats(0, 0.5),
    seed=st.integers(0, 10_000),
    most=st.integers(1, 60),
)
def test_noise_never_keeps_it_going(threshold: float, noise: float, seed: int, most: int) -> None:
    """It ends, and claims a boundary only where both sides have been seen twice."""
    dice = random.Random(seed)
    truth = below(threshold)

    def oracle(rate: float) -> Mark:
        if dice.random() < noise:
            return dice.choice(("passed", "failed", "unjudged"))
        return truth(rate)

    search = Search(400, 20, 8000, most_trials=most)
    found, trials = searched(search, oracle)
    assert len(trials) <= most
    at: dict[float, list[Mark]] = {}
    for trial in trials:
        at.setdefault(trial.rate_per_s, []).append(trial.mark)
    if found.kind == "found":
        assert at[found.lower_per_s].count("passed") >= 2
        assert at[found.upper_per_s].count("failed") >= 2
        assert found.upper_per_s == pytest.approx(1.03 * found.lower_per_s)


@given(st.lists(st.sampled_from(("passed", "failed", "unjudged")), max_size=60))
def test_contradictions_are_told(marks: list[Mark]) -> None:
    """Every try that goes against the answer is in it, whatever the marks."""
    given_marks = iter(marks)
    found, trials = searched(SEARCH, lambda _rate: next(given_marks, "failed"))
    for trial in trials:
        high = found.upper_per_s is not None and trial.rate_per_s >= found.upper_per_s * 0.999
        low = found.lower_per_s is not None and trial.rate_per_s <= found.lower_per_s * 1.001
        against = (high and trial.mark == "passed") or (low and trial.mark == "failed")
        assert (trial in found.contradictions) == against


def test_it_can_be_taken_up_again() -> None:
    """The next rate depends on the tries alone: a stored search goes on as if never stopped."""
    _, trials = searched(SEARCH, below(700))
    for cut in range(len(trials)):
        assert next_rate(SEARCH, trials[:cut]) == trials[cut].rate_per_s
        assert answer(SEARCH, trials[:cut]).kind == "undecided"


def test_few_tries_from_a_good_start() -> None:
    """A threshold a tenth above the start takes about ten tries."""
    _, trials = searched(SEARCH, below(450))
    assert len(trials) <= 9


@pytest.mark.parametrize(
    ("oracle", "kind"),
    [
        (below(math.inf), "all"),
        (below(0), "none"),
        (lambda rate: "passed" if rate < 1000 else "unjudged", "unjudged above"),
        (lambda _rate: "unjudged", "unjudged above"),
    ],
)
def test_ends_of_the_range(oracle: Oracle, kind: str) -> None:
    """A boundary outside the range is not invented."""
    found, _ = searched(SEARCH, oracle)
    assert found.kind == kind
    if kind == "all":
        assert found.upper_per_s is None
        assert found.lower_per_s == pytest.approx(8000, rel=0.03)
    if kind == "none":
        assert found.lower_per_s is None
        assert found.upper_per_s == pytest.approx(20, rel=0.03)


def test_a_lucky_pass_is_overruled() -> None:
    """One pass beyond the boundary does not survive its confirmation."""
    lucky = [True]

    def oracle(rate: float) -> Mark:
        if rate > 500 and lucky:
            lucky.clear()
            return "passed"
        return below(500)(rate)

    found, _ = searched(Search(510, 20, 8000), oracle)
    assert found.kind == "found"
    assert found.lower_per_s <= 500 < found.upper_per_s
    assert [trial.mark for trial in found.contradictions] == ["passed"]


def test_one_bad_moment_is_overruled() -> None:
    """One fail below the boundary does not survive its confirmation either."""
    bad = [True]

    def oracle(rate: float) -> Mark:
        if bad:
            bad.clear()
            return "failed"
        return below(1000)(rate)

    found, _ = searched(SEARCH, oracle)
    assert found.kind == "found"
    assert found.lower_per_s <= 1000 < found.upper_per_s
    assert [trial.mark for trial in found.contradictions] == ["failed"]


def test_a_bad_moment_is_left_behind() -> None:
    """The first tries fail whatever is asked: their fails are not disproved one by one."""
    bad = iter([True] * 4)

    def oracle(rate: float) -> Mark:
        return "failed" if next(bad, False) else below(500)(rate)

    found, trials = searched(SEARCH, oracle)
    assert found.kind == "found"
    assert found.lower_per_s <= 500 < found.upper_per_s
    assert len(trials) <= 22


@given(threshold=st.floats(25, 7000), noise=st.floats(0, 0.4), seed=st.integers(0, 10_000))
def test_it_ends_without_a_limit_too(threshold: float, noise: float, seed: int) -> None:
    """The number of tries needs no limit to be finite."""
    dice = random.Random(seed)
    truth = below(threshold)

    def oracle(rate: float) -> Mark:
        return "failed" if dice.random() < noise else truth(rate)

    search = Search(400, 20, 8000, most_trials=10_000)
    _, trials = searched(search, oracle)
    assert len(trials) <= 3 * (search.top - search.bottom + 1) * 2


@pytest.mark.parametrize(
    ("marks", "step"),
    [
        ([], 0),
        ([(0, "passed")], 2),
        ([(0, "passed"), (2, "passed")], 6),
        ([(0, "failed")], -2),
        ([(0, "failed"), (-2, "failed")], -6),
        ([(0, "passed"), (2, "failed")], 1),
        ([(0, "passed"), (2, "passed"), (6, "failed")], 4),
        # At the boundary: first the lower side again, then the upper one.
        ([(0, "passed"), (1, "failed")], 0),
        ([(0, "passed"), (1, "failed"), (0, "passed")], 1),
        # A contradiction calls for a third try.
        ([(0, "passed"), (1, "failed"), (0, "failed")], 0),
        # The third try moves the boundary down, and the search goes on from there.
        ([(0, "passed"), (1, "failed"), (0, "failed"), (0, "failed")], -2),
        ([(0, "passed"), (1, "failed"), (0, "passed"), (1, "passed"), (1, "passed")], 4),
        ([(0, "passed"), (1, "failed"), (0, "passed"), (1, "unjudged")], 1),
        # 0 failed in a bad moment, and so the single fail at 2 does not count; two fails would.
        ([(2, "failed"), (0, "failed"), (0, "passed"), (0, "passed")], 2),
        ([(6, "failed"), (0, "failed"), (0, "passed"), (0, "passed")], 2),
        ([(6, "failed"), (6, "failed"), (0, "failed"), (0, "passed"), (0, "passed")], 3),
    ],
)
def test_the_way_step_by_step(marks: list[tuple[int, Mark]], step: int) -> None:
    """Gallop, halve, confirm."""
    rate = next_rate(SEARCH, marked(SEARCH, *marks))
    assert rate == pytest.approx(SEARCH.rate_per_s(step))


def test_three_different_marks_are_no_decision() -> None:
    """Passed, failed and unjudged at one rate: the boundary is not known."""
    marks = [(0, "passed"), (0, "passed"), (1, "failed"), (1, "unjudged"), (1, "passed")]
    trials = marked(SEARCH, *marks)
    assert next_rate(SEARCH, trials) is None
    assert answer(SEARCH, trials).kind == "undecided"


def test_rates_survive_rounding() -> None:
    """A stored rate is found on the grid again."""
    for step in range(SEARCH.bottom, SEARCH.top + 1):
        assert SEARCH.step(round(SEARCH.rate_per_s(step), 1)) == step


@pytest.mark.parametrize(
    "limits", [(0, 0, 10), (5, 10, 20), (30, 10, 20), (10, 5, math.inf), (math.nan, 5, 20)]
)
def test_limits_that_leave_nothing_are_refused(limits: tuple[float, float, float]) -> None:
    """A search between impossible rates is refused."""
    with pytest.raises(ValueError, match="must hold"):
        Search(*limits)


@pytest.mark.parametrize("changes", [{"tolerance": 0.0}, {"most_trials": 0}])
def test_no_tolerance_or_no_trials_are_refused(changes: dict[str, float]) -> None:
    """A search that could never end, or never begin, is refused."""
    with pytest.raises(ValueError, match="positive"):
        Search(10, 5, 20, **changes)
