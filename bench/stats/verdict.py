"""Verdicts: faster, slower, indistinguishable, inconclusive or invalid.

**The rule.** Let the threshold be 2 %. A ratio's interval lies wholly above 1.02: faster. Wholly
below 1 / 1.02: slower. Wholly between the two: indistinguishable. Anything else: inconclusive.
The lower limit is 1 / 1.02 and not 0.98, so that swapping subject and reference turns every
verdict into its mirror image.

**The family.** All comparisons shown together are judged together. Each has a p-value for "this
verdict is wrong": with d the distance of the mean log ratio from the nearer limit, it is the
two-sided p-value of d. These p-values go through Holm's method, which is to keep the chance that
*any* verdict of the family is wrong at 1 - level or below. Testing "the ratio is 1" would not do:
a true ratio of 1.01 makes that rejection right and the verdict "faster" wrong all the same. The
interval shown is the one that belongs to the comparison's step in Holm's method, hence wider than
a plain one, and reading the rule off it gives the verdict. What is kept is the rate of families
with a wrong verdict; that all the intervals of a family hold at once is not promised.

**Claims of sameness alone.** Whoever asks "has anything changed?" says yes when *any* comparison
differs, and no only when *all* are the same. The first needs the family. The second does not: it is
wrong only where a comparison that differs is called the same, so each may be tested at the full
level (the intersection-union test: Berger, Technometrics 24, 1982). And a comparison that differs
lies beyond one of the limits, not both: with a = 1 - level, each limit is tested on its own side at
a, which is to ask for the interval of 1 - 2a to lie between them (two one-sided tests: Schuirmann,
Journal of Pharmacokinetics and Biopharmaceutics 15, 1987). With `same_alone` Holm's method has the
claims of a difference, and a comparison whose mean lies between the limits is judged, and shown, in
this way. At most a of the families without a difference are told to have one, and at most a of
those with one are told to have none.

**How far this is proven.** Holm's theorem holds whatever the dependence between tests, but it is
about rejecting, not about the side on which one rejects. That the side is covered too is proven
for two sides and independent tests (Shaffer, Annals of Statistics 8, 1980; Finner, Annals of
Statistics 27, 1999). For the three regions here, and for comparisons that share a target,
simulation finds the rate of wrong verdicts at its nominal value or below.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from bench.model import Verdict, VerdictKind
from bench.stats.holm import holm_adjust, holm_levels
from bench.stats.ratio import (
    LogRatio,
    RatesByRound,
    degrees_of_freedom,
    invalid_rounds,
    paired_log_ratio,
    paired_rounds,
    ratio_estimate,
    standard_error,
    unpaired_log_ratio,
    valid_rounds,
)
from bench.stats.rounds import MAX_ROUNDS, rounds_for_half_width
from bench.stats.student import check_level, two_sided_p

THRESHOLD = 0.02
"""The smallest difference that counts, as a share, where nobody asks for another."""

LEVEL = 0.95
"""Of a family of verdicts: at most 1 - LEVEL of such families hold a wrong one."""


@dataclass(frozen=True)
class Comparison:
    """One question: how does `subject` compare with `reference`?

    Rates are requests per second by round, None where the cell was invalid; `causes` say why in a
    word each. `paired` is False for two runs, whose rounds have nothing in common but their
    numbers.
    `lacking` says why no round of a side has a rate though it was measured: more rounds would have
    none either.
    """

    subject: str
    reference: str
    subject_rates: RatesByRound
    reference_rates: RatesByRound
    paired: bool = True
    lacking: str = ""
    causes: tuple[str, ...] = ("invalid",)


def judge(
    family: Sequence[Comparison],
    threshold: float = THRESHOLD,
    level: float = LEVEL,
    *,
    same_alone: bool = False,
) -> tuple[Verdict, ...]:
    """One verdict per comparison, in the order given; see the top of this file for the rule.

    - A comparison with an invalid cell is *invalid* and has no ratio. Leaving out such rounds
      would be dropping what does not fit.
    - Fewer than two rounds are *inconclusive*: nothing is wrong with them, they are too few.
      With one, the ratio is shown with an unbounded interval. `rounds_needed` is unknown.
    - Neither kind counts as a member of the family, as neither can be judged wrongly.
    - `p_value` is Holm-adjusted and belongs to the verdict: at most 1 - level when it is faster,
      slower or indistinguishable, larger when it is inconclusive.
    - With `same_alone`, what lies between the limits is judged by two one-sided tests: its p-value
      is its own, and its interval that of 2 level - 1.
    - `rounds_needed` is a total. It assumes that mean and spread stay as seen: even odds.

    Raises ValueError when a rate is not positive and finite, when `threshold` is not positive,
    or when `level` is not between 0 and 1 (with `same_alone`, between 0.5 and 1).
    """
    check_level(2 * level - 1 if same_alone else level)
    if not (threshold > 0 and math.isfinite(threshold)):
        raise ValueError(f"the threshold must be positive, not {threshold}")
    ratios = [_log_ratio(comparison) for comparison in family]
    judge_all = _judgements_of_changes if same_alone else _judgements
    known = [ratio for ratio in ratios if ratio and _has_spread(ratio)]
    judgements = iter(judge_all(known, threshold, level))
    return tuple(
        _decide(comparison, next(judgements), threshold)
        if _has_spread(ratio)
        else _undecided(comparison, ratio, threshold, level)
        for comparison, ratio in zip(family, ratios, strict=True)
    )


@dataclass(frozen=True)
class _Judgement:
    """One comparison after Holm: the level of its own interval, and whether it is settled."""

    ratio: LogRatio
    level: float
    p_value: float
    settled: bool


def _judgements(ratios: Sequence[LogRatio], threshold: float, level: float) -> list[_Judgement]:
    """Every verdict is a member of the family."""
    return _by_holm(ratios, [_p_value(ratio, threshold) for ratio in ratios], level)


def _judgements_of_changes(
    ratios: Sequence[LogRatio], threshold: float, level: float
) -> list[_Judgement]:
    """Differences are the family; what lies between the limits is judged alone."""
    own = [_p_value(ratio, threshold) for ratio in ratios]
    same = [_region(ratio, threshold) == "indistinguishable" for ratio in ratios]
    # As a difference, a mean between the limits is no evidence at all.
    different = [1.0 if is_same else p for is_same, p in zip(same, own, strict=True)]
    family = _by_holm(ratios, different, level)
    return [
        _of_sameness(ratio, p, level) if is_same else member
        for ratio, member, p, is_same in zip(ratios, family, own, same, strict=True)
    ]


def _of_sameness(ratio: LogRatio, two_sided: float, level: float) -> _Judgement:
    """By two one-sided tests, of which the one of the nearer limit decides."""
    p_value = two_sided / 2
    return _Judgement(ratio, 2 * level - 1, p_value, settled=p_value <= 1 - level)


def _by_holm(
    ratios: Sequence[LogRatio], p_values: Sequence[float], level: float
) -> list[_Judgement]:
    steps = zip(ratios, holm_levels(p_values, level), holm_adjust(p_values), strict=True)
    return [_Judgement(ratio, own, p, settled=p <= 1 - level) for ratio, own, p in steps]


def _has_spread(ratio: LogRatio | None) -> bool:
    return ratio is not None and ratio.variances is not None


def _log_ratio(comparison: Comparison) -> LogRatio | None:
    """The log ratio, or None when cells are invalid or there is nothing to compare."""
    ours, theirs = comparison.subject_rates, comparison.reference_rates
    if invalid_rounds(ours) or invalid_rounds(theirs) or not ours or not theirs:
        return None
    if not comparison.paired:
        return unpaired_log_ratio(ours, theirs)
    return paired_log_ratio(ours, theirs) if paired_rounds(ours, theirs) else None


def _p_value(ratio: LogRatio, threshold: float) -> float:
    distance = _distance(ratio, threshold)
    return two_sided_p(distance, standard_error(ratio), degrees_of_freedom(ratio))


def _distance(ratio: LogRatio, threshold: float) -> float:
    """From the mean log ratio to the nearer limit, on the logarithmic scale."""
    return abs(abs(ratio.mean) - math.log1p(threshold))


def _region(ratio: LogRatio, threshold: float) -> VerdictKind:
    if abs(ratio.mean) < math.log1p(threshold):
        return "indistinguishable"
    return "faster" if ratio.mean > 0 else "slower"


def _decide(comparison: Comparison, judged: _Judgement, threshold: float) -> Verdict:
    ratio, settled = judged.ratio, judged.settled
    rounds_needed = None if settled else _rounds_needed(ratio, threshold, judged.level)
    reason = "" if settled else _what_is_missing(comparison, rounds_needed)
    left_out = _left_out(comparison)
    return Verdict(
        kind=_region(ratio, threshold) if settled else "inconclusive",
        subject=comparison.subject,
        reference=comparison.reference,
        ratio=ratio_estimate(ratio, judged.level),
        threshold=threshold,
        p_value=judged.p_value,
        rounds_needed=rounds_needed,
        reason="; ".join(filter(None, [reason, _left_out_words(left_out)])),
        left_out=left_out,
    )


def _undecided(
    comparison: Comparison, ratio: LogRatio | None, threshold: float, level: float
) -> Verdict:
    invalid = _invalid_cells(comparison)
    return Verdict(
        kind="invalid" if invalid else "inconclusive",
        subject=comparison.subject,
        reference=comparison.reference,
        ratio=ratio_estimate(ratio, level) if ratio else None,
        threshold=threshold,
        reason=invalid or comparison.lacking or _too_few(comparison),
        rounds_help=not comparison.lacking,
        causes=comparison.causes if invalid else (),
    )


def _rounds_needed(ratio: LogRatio, threshold: float, level: float) -> int | None:
    needed = rounds_for_half_width(ratio, math.expm1(_distance(ratio, threshold)), level)
    return None if needed is None else max(needed, ratio.rounds + 1)


def _what_is_missing(comparison: Comparison, rounds_needed: int | None) -> str:
    each = "" if comparison.paired else " of each run"
    if rounds_needed is None:
        return (
            f"the ratio is too close to the threshold for its spread: "
            f"{MAX_ROUNDS} rounds{each} would not settle it"
        )
    return f"about {rounds_needed} rounds{each} in all would settle it, if the spread stays"


def _invalid_cells(comparison: Comparison) -> str:
    """Names the invalid cells, e.g. `invalid: flask in round 2, 5`; empty when there are none."""
    sides = (
        (comparison.subject, invalid_rounds(comparison.subject_rates)),
        (comparison.reference, invalid_rounds(comparison.reference_rates)),
    )
    named = [f"{name} in round {', '.join(map(str, rounds))}" for name, rounds in sides if rounds]
    return f"{' or '.join(comparison.causes)}: {'; '.join(named)}" if named else ""


def _too_few(comparison: Comparison) -> str:
    if not comparison.paired:
        return "each run needs at least 2 rounds"
    shared = len(paired_rounds(comparison.subject_rates, comparison.reference_rates))
    seen = "one round has" if shared == 1 else "no round has"
    return f"{seen} both; it takes at least 2"


def _left_out(comparison: Comparison) -> int:
    """How many rounds have no partner."""
    if not comparison.paired:
        return 0
    ours, theirs = valid_rounds(comparison.subject_rates), valid_rounds(comparison.reference_rates)
    return len(ours.keys() ^ theirs.keys())


def _left_out_words(count: int) -> str:
    return f"left out for want of a partner: {count} cell{'s' * (count > 1)}" if count else ""
