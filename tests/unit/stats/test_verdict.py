"""Verdicts: the rule by table, its symmetries by property, its error rate by simulation."""

import math
from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.model import Verdict
from bench.stats.ratio import RatesByRound
from bench.stats.verdict import Comparison, judge

MIRROR = {"faster": "slower", "slower": "faster"}

log_ratios = st.lists(st.floats(-0.2, 0.2), min_size=2, max_size=12)
families = st.lists(log_ratios, min_size=1, max_size=5)


def comparison(logs: list[float], paired: bool = True) -> Comparison:
    rates: RatesByRound = {i: 500 * math.exp(value) for i, value in enumerate(logs)}
    return Comparison("flask", "drf", rates, dict.fromkeys(rates, 500.0), paired)


def scattered(ratio: float, sd: float, rounds: int = 6) -> list[float]:
    """Log ratios with exactly this mean ratio and standard deviation."""
    shape = np.linspace(-1, 1, rounds)
    return [math.log(ratio) + sd * float(x) for x in shape / shape.std(ddof=1)]


def alone(pair: Comparison) -> Verdict:
    (verdict,) = judge([pair])
    return verdict


def swapped(pair: Comparison) -> Comparison:
    return Comparison(
        pair.reference, pair.subject, pair.reference_rates, pair.subject_rates, pair.paired
    )


@pytest.mark.parametrize(
    ("ratio", "sd", "kind"),
    # The half width of six rounds is 1.0494 sd: 0.0105 for 0.01.
    [
        (1.5, 0.01, "faster"),
        (1.04, 0.01, "faster"),
        (1.03, 0.01, "inconclusive"),
        (1.01, 0.01, "inconclusive"),
        (1.005, 0.01, "indistinguishable"),
        (1.0, 0.01, "indistinguishable"),
        (1.0, 0.03, "inconclusive"),
        (0.995, 0.01, "indistinguishable"),
        (0.975, 0.01, "inconclusive"),
        (0.96, 0.01, "slower"),
    ],
)
def test_the_rule(ratio: float, sd: float, kind: str) -> None:
    """The verdict is where the whole interval lies: beyond the threshold, within it, or neither."""
    verdict = alone(comparison(scattered(ratio, sd)))
    assert verdict.kind == kind
    assert verdict.ratio is not None
    assert verdict.ratio.point == pytest.approx(ratio)
    assert verdict.ratio.level == pytest.approx(0.95)
    assert verdict.ratio.n == 6
    assert (verdict.subject, verdict.reference, verdict.threshold) == ("flask", "drf", 0.02)


def test_a_difference_can_be_certain_and_still_too_small_to_matter() -> None:
    """An interval that excludes 1 but not the threshold is no difference worth the name."""
    verdict = alone(comparison(scattered(1.01, 0.002)))
    assert verdict.ratio is not None
    assert verdict.ratio.low > 1
    assert verdict.kind == "indistinguishable"


def test_the_same_data_can_settle_alone_and_not_in_a_family() -> None:
    """Many comparisons need more certainty for each."""
    close = comparison(scattered(1.035, 0.01))
    assert alone(close).kind == "faster"
    vague = [comparison(scattered(1.03, 0.03)) for _ in range(9)]
    crowded = judge([close, *vague])[0]
    assert crowded.kind == "inconclusive"
    assert crowded.ratio is not None
    assert crowded.ratio.level == pytest.approx(0.995)


def test_clear_members_of_a_family_leave_the_last_one_its_full_level() -> None:
    """What is settled costs the others nothing more."""
    clear = [comparison(scattered(1.5 + i / 10, 0.001)) for i in range(9)]
    last = judge([*clear, comparison(scattered(1.035, 0.01))])[-1]
    assert last.kind == "faster"
    assert last.ratio is not None
    assert last.ratio.level == pytest.approx(0.95)


def test_inconclusive_says_how_many_rounds_would_settle_it() -> None:
    """The number told is the one that does settle it."""
    verdict = alone(comparison(scattered(1.03, 0.01)))
    # From 1.03 to 1.02 it is 0.009756; t(6) * 0.01 / sqrt(7) = 0.00925, t(5) gives 0.0105.
    assert verdict.rounds_needed == 7
    assert "about 7 rounds in all" in verdict.reason
    assert alone(comparison(scattered(1.03, 0.01, 7))).kind == "faster"


def test_a_ratio_on_the_threshold_is_hopeless_and_says_so() -> None:
    """No number of rounds separates what lies on the limit."""
    verdict = alone(comparison(scattered(1.02, 0.05)))
    assert (verdict.kind, verdict.rounds_needed) == ("inconclusive", None)
    assert "too close to the threshold" in verdict.reason


def test_an_invalid_cell_makes_the_comparison_invalid() -> None:
    """Each invalid round is named, with whose it is."""
    verdict = alone(
        Comparison("a", "b", {1: 1.0, 2: None, 3: 3.0}, {1: 1.0, 2: 2.0, 3: None, 4: None})
    )
    assert (verdict.kind, verdict.ratio, verdict.p_value) == ("invalid", None, None)
    assert verdict.reason == "invalid: a in round 2; b in round 3, 4"


def test_too_few_rounds_are_inconclusive_not_invalid() -> None:
    """Good rounds that are too few say that they are."""
    verdict = alone(Comparison("a", "b", {1: 3.0}, {1: 2.0}))
    assert (verdict.kind, verdict.rounds_needed, verdict.p_value) == ("inconclusive", None, None)
    assert verdict.ratio is not None
    assert (verdict.ratio.low, verdict.ratio.high) == (0.0, math.inf)
    assert verdict.reason == "one round has both; it takes at least 2"
    none = alone(Comparison("a", "b", {1: 3.0}, {2: 2.0}))
    assert (none.kind, none.ratio) == ("inconclusive", None)
    assert none.reason == "no round has both; it takes at least 2"
    empty = alone(Comparison("a", "b", {}, {}, paired=False))
    assert (empty.kind, empty.reason) == ("inconclusive", "each run needs at least 2 rounds")


def test_what_cannot_be_judged_does_not_count_in_the_family() -> None:
    """Comparisons without a p-value correct nobody's."""
    sound = comparison(scattered(1.035, 0.01))
    broken = Comparison("a", "b", {1: None}, {1: 1.0})
    short = Comparison("a", "b", {1: 1.0}, {1: 1.0})
    verdicts = judge([broken, sound, short])
    assert [v.kind for v in verdicts] == ["invalid", "faster", "inconclusive"]
    assert verdicts[1] == alone(sound)


def test_rounds_without_a_partner_are_told() -> None:
    """What was left out is part of the verdict."""
    rates = {i: 10.0 + i / 1000 for i in range(6)}
    verdict = alone(Comparison("a", "b", rates, dict.fromkeys(range(5), 5.0)))
    assert verdict.kind == "faster"
    assert verdict.reason == "left out for want of a partner: 1 cell"
    assert verdict.left_out == 1


def test_two_runs_are_compared_without_pairing() -> None:
    """Rounds of different runs do not belong together."""
    base = {1: 100.0, 2: 101.0, 3: 99.0, 4: 100.0}
    head = {1: 90.0, 2: 91.0, 3: 89.0}
    verdict = alone(Comparison("head", "base", head, base, paired=False))
    assert verdict.kind == "slower"
    assert verdict.ratio is not None
    assert verdict.ratio.n == 3
    vague = alone(Comparison("head", "base", {1: 98.0, 2: 96.0}, base, paired=False))
    assert "rounds of each run" in vague.reason


def test_identical_rates_are_indistinguishable() -> None:
    """No difference and no spread is a settled case."""
    verdict = alone(comparison([0.0, 0.0, 0.0]))
    assert (verdict.kind, verdict.p_value) == ("indistinguishable", 0.0)


def test_an_empty_family_has_no_verdicts() -> None:
    """Nothing compared is nothing found."""
    assert judge([]) == ()


@pytest.mark.parametrize(
    ("threshold", "level", "match"),
    [(0.0, 0.95, "threshold"), (-0.1, 0.95, "threshold"), (0.02, 95, "level")],
)
def test_nonsense_is_refused(threshold: float, level: float, match: str) -> None:
    """Thresholds and levels out of range are refused."""
    with pytest.raises(ValueError, match=match):
        judge([comparison([0.0, 0.1])], threshold, level)


@given(family=families)
def test_swapping_all_mirrors_every_verdict(family: list[list[float]]) -> None:
    """Faster one way is slower the other way, with the same certainty."""
    there = judge([comparison(logs) for logs in family])
    back = judge([swapped(comparison(logs)) for logs in family])
    for verdict, other in zip(there, back, strict=True):
        assert other.kind == MIRROR.get(verdict.kind, verdict.kind)
        assert other.rounds_needed == verdict.rounds_needed
        assert other.p_value == pytest.approx(verdict.p_value)
        assert verdict.ratio is not None
        assert other.ratio is not None
        assert other.ratio.point == pytest.approx(1 / verdict.ratio.point)


@given(family=families, factor=st.sampled_from([0.25, 2.0, 1024.0]))
def test_a_faster_machine_changes_no_verdict(family: list[list[float]], factor: float) -> None:
    """Rates multiplied by one factor are judged the same."""

    def scaled(pair: Comparison) -> Comparison:
        ours, theirs = (
            {r: rate * factor for r, rate in rates.items() if rate is not None}
            for rates in (pair.subject_rates, pair.reference_rates)
        )
        return Comparison(pair.subject, pair.reference, ours, theirs)

    plain = judge([comparison(logs) for logs in family])
    fast = judge([scaled(comparison(logs)) for logs in family])
    for verdict, other in zip(plain, fast, strict=True):
        assert verdict.p_value == pytest.approx(other.p_value, rel=1e-3, abs=1e-6)
        if verdict.p_value is not None and abs(verdict.p_value - 0.05) > 1e-3:
            assert verdict.kind == other.kind


@pytest.mark.parametrize(("level", "same_alone"), [(0.5, True), (0.0, False), (1.0, False)])
def test_a_level_that_is_none_is_refused(level: float, same_alone: bool) -> None:
    """Two one-sided tests ask for an interval of 2 level - 1."""
    with pytest.raises(ValueError, match="between 0 and 1"):
        judge([comparison([0.0, 0.01])], level=level, same_alone=same_alone)


@pytest.mark.parametrize("same_alone", [False, True])
@given(family=families)
def test_the_interval_shown_tells_the_verdict(family: list[list[float]], same_alone: bool) -> None:
    """Whoever sees the interval and the threshold comes to the same verdict."""
    for verdict in judge([comparison(logs) for logs in family], same_alone=same_alone):
        assert verdict.ratio is not None
        assert verdict.p_value is not None
        low, high = verdict.ratio.low, verdict.ratio.high
        if any(abs(math.log(end)) == pytest.approx(math.log(1.02)) for end in (low, high) if end):
            continue  # exactly on the limit rounding decides
        if low > 1.02:
            expected = "faster"
        elif high < 1 / 1.02:
            expected = "slower"
        else:
            inside = low > 1 / 1.02 and high < 1.02
            expected = "indistinguishable" if inside else "inconclusive"
        assert verdict.kind == expected
        assert (verdict.p_value <= 0.05) == (verdict.kind != "inconclusive")
        if verdict.rounds_needed is not None:
            assert verdict.rounds_needed > verdict.ratio.n


def is_wrong(verdict: Verdict, true_log_ratio: float) -> bool:
    limit = math.log(1.02)
    return (
        (verdict.kind == "faster" and true_log_ratio <= limit)
        or (verdict.kind == "slower" and true_log_ratio >= -limit)
        or (verdict.kind == "indistinguishable" and abs(true_log_ratio) >= limit)
    )


@pytest.mark.parametrize(
    "speeds",
    [
        pytest.param([1.0, 1.0, 1.0], id="all equal"),
        pytest.param([1.0, 1.02, 1.02**2], id="neighbours exactly on the threshold"),
        pytest.param([1.0, 1.02, 1.5], id="one pair on the threshold, the others clear"),
    ],
)
def test_any_wrong_verdict_in_a_family_is_as_rare_as_stated(speeds: list[float]) -> None:
    """Three targets, all pairs, so that comparisons share targets and depend on each other."""
    random = np.random.default_rng(42)
    couples = list(combinations(range(3), 2))
    wrong = 0
    for _ in range(800):
        logs = np.log(speeds) + random.normal(0, 0.3, (8, 1)) + random.normal(0, 0.008, (8, 3))
        rates = [dict(enumerate(column)) for column in np.exp(logs).T.tolist()]
        family = [Comparison(str(i), str(j), rates[i], rates[j]) for i, j in couples]
        truths = [math.log(speeds[i] / speeds[j]) for i, j in couples]
        verdicts = zip(judge(family), truths, strict=True)
        wrong += any(is_wrong(verdict, truth) for verdict, truth in verdicts)
    assert wrong / 800 < 0.075  # 0.05 and three standard errors of a count


def simulated(truths: Sequence[float], *, same_alone: bool) -> list[list[Verdict]]:
    """600 answers on comparisons with these true log ratios, of 8 rounds with sd 1.5 %."""
    random = np.random.default_rng(7)
    return [
        list(judge([comparison(row) for row in logs.T.tolist()], same_alone=same_alone))
        for logs in random.normal(truths, 0.015, (600, 8, len(truths)))
    ]


def test_with_sameness_alone_an_unchanged_family_is_told_to_have_changed_as_seldom() -> None:
    """25 comparisons, all at the limit itself: at most 5 % of the answers claim a difference."""
    answers = simulated([math.log(1.02)] * 25, same_alone=True)
    wrong = sum(any(verdict.kind == "faster" for verdict in found) for found in answers)
    assert wrong / len(answers) < 0.077  # 0.05 and three standard errors of a count


def test_with_sameness_alone_a_changed_family_is_called_the_same_as_seldom() -> None:
    """One of five has changed, by as much as counts: at most 5 % of the answers call all the same,
    and more than without come to that when nothing has changed.
    """

    def all_the_same(truths: Sequence[float], *, same_alone: bool) -> float:
        answers = simulated(truths, same_alone=same_alone)
        same = [all(verdict.kind == "indistinguishable" for verdict in found) for found in answers]
        return sum(same) / len(same)

    assert all_the_same([math.log(1.02), 0, 0, 0, 0], same_alone=True) < 0.077
    unchanged = [0.0] * 5
    assert all_the_same(unchanged, same_alone=True) > all_the_same(unchanged, same_alone=False)


def test_with_sameness_alone_it_does_not_matter_what_else_is_compared() -> None:
    """What is the same is judged as alone, by two one-sided tests: its interval is that of 90 %. Of
    a difference it is wider.
    """
    same, different = [0.001, -0.001, 0.002, 0.0], [0.1, 0.11, 0.09, 0.1]
    alone = judge([comparison(same)], level=0.9)[0]
    both = judge([comparison(same), comparison(different), comparison(same)], same_alone=True)
    assert both[0] == both[2]
    assert both[0].kind == alone.kind
    assert both[0].p_value == pytest.approx((alone.p_value or 0) / 2)
    assert both[0].ratio is not None
    assert alone.ratio is not None
    assert both[0].ratio.low == pytest.approx(alone.ratio.low)
    assert both[1].p_value == pytest.approx(3 * (judge([comparison(different)])[0].p_value or 0))


def test_a_planted_ten_percent_is_found_and_nothing_is_not() -> None:
    """With the noise of a quiet shared machine: sd 0.027 of the log ratio, 8 rounds."""
    random = np.random.default_rng(3)
    planted = [
        alone(comparison(random.normal(math.log(0.9), 0.027, 8).tolist())).kind for _ in range(200)
    ]
    nothing = [alone(comparison(random.normal(0, 0.027, 8).tolist())).kind for _ in range(200)]
    assert planted.count("slower") > 190
    assert nothing.count("faster") + nothing.count("slower") < 5
