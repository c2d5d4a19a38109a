"""The ratio of two targets' rates, from logarithms, paired by round where rounds are shared.

**Why paired.** A machine's speed drifts by tens of percent within minutes. Two cells of one
round stand close together and share most of that drift, so it cancels in their ratio. Treating
the same rounds as unpaired can double the standard deviation.

**Why ABBA.** Within a round one target comes first. If the machine slows down by d per cell,
the log ratio of that round is off by d; the next round, in reverse order, by -d. Over an even
number of rounds a steady drift cancels from the mean; after an odd number d / n remains. The
alternation stays in the spread, so the interval is then rather too wide than too narrow.

**What it does not mend.** A ratio that itself wanders over the run (a target that leaks) makes
neighbouring rounds alike; their spread then understates the doubt.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bench.model import Estimate
from bench.stats.estimate import exponential, logarithms
from bench.stats.student import critical_value

RatesByRound = Mapping[int, float | None]
"""Requests per second by round number. None: the cell was measured and found invalid."""


@dataclass(frozen=True)
class LogRatio:
    """ln(subject / reference): its mean over rounds, and what is known of its spread.

    Paired, there is one sample (the log ratios); unpaired, there are two (subject's and
    reference's log rates). `counts` holds each sample's size and `variances` its variance
    (divisor n - 1), or None when a sample has one round only.
    """

    mean: float
    counts: tuple[int, ...]
    variances: tuple[float, ...] | None

    @property
    def rounds(self) -> int:
        """The number of rounds behind the mean: that of the smaller sample."""
        return min(self.counts)


def paired_rounds(subject: RatesByRound, reference: RatesByRound) -> tuple[int, ...]:
    """The rounds, in order, in which both cells were measured and both are valid."""
    return tuple(r for r in sorted(valid_rounds(subject)) if reference.get(r) is not None)


def valid_rounds(rates: RatesByRound) -> Mapping[int, float]:
    """The rates that may be used, by round."""
    return {round_: rate for round_, rate in rates.items() if rate is not None}


def invalid_rounds(rates: RatesByRound) -> tuple[int, ...]:
    """The rounds, in order, whose cell was measured and found invalid."""
    return tuple(sorted(round_ for round_, rate in rates.items() if rate is None))


def paired_log_ratio(subject: RatesByRound, reference: RatesByRound) -> LogRatio:
    """The mean log ratio over the rounds that both share.

    Raises ValueError when they share none, or when a rate is not positive and finite.
    """
    rounds = paired_rounds(subject, reference)
    if not rounds:
        raise ValueError("no round has a valid cell of both")
    ours, theirs = valid_rounds(subject), valid_rounds(reference)
    above = logarithms([ours[r] for r in rounds])
    below = logarithms([theirs[r] for r in rounds])
    ratios = [a - b for a, b in zip(above, below, strict=True)]
    return LogRatio(float(np.mean(ratios)), (len(ratios),), _variances(ratios))


def unpaired_log_ratio(subject: RatesByRound, reference: RatesByRound) -> LogRatio:
    """The difference of mean log rates, for two runs that share no rounds.

    Whatever changed on the machine between two runs counts as a difference here: the interval
    knows the noise within each run only. Raises ValueError when either has no valid round, or
    when a rate is not positive and finite.
    """
    ours, theirs = valid_rounds(subject), valid_rounds(reference)
    if not ours or not theirs:
        raise ValueError("each side needs at least one valid round")
    above, below = logarithms(list(ours.values())), logarithms(list(theirs.values()))
    mean = float(np.mean(above)) - float(np.mean(below))
    return LogRatio(mean, (len(above), len(below)), _variances(above, below))


def standard_error(log_ratio: LogRatio) -> float:
    """The standard error of the mean: the root of the sum of s_i^2 / n_i.

    With one sample it is the usual s / sqrt(n). Raises ValueError when the spread is unknown.
    """
    return math.sqrt(sum(_squared_errors(log_ratio)))


def degrees_of_freedom(log_ratio: LogRatio) -> float:
    """n - 1 for one sample, Welch and Satterthwaite's approximation for two.

    (sum e_i)^2 / sum(e_i^2 / (n_i - 1)) with e_i = s_i^2 / n_i (Welch, Biometrika 34, 1947);
    with one sample it is n - 1 exactly. Raises ValueError when the spread is unknown.
    """
    parts = _squared_errors(log_ratio)
    total = sum(parts)
    if total == 0:
        return float(sum(log_ratio.counts) - len(log_ratio.counts))
    shares = [part / total for part in parts]
    pairs = zip(shares, log_ratio.counts, strict=True)
    return 1 / sum(share**2 / (count - 1) for share, count in pairs)


def ratio_estimate(log_ratio: LogRatio, level: float = 0.95) -> Estimate:
    """The ratio subject / reference: the mean log ratio and its interval, transformed back.

    A single round has no spread; its interval is 0 to infinity.
    """
    if log_ratio.variances is None:
        half = math.inf
    else:
        t = critical_value(level, degrees_of_freedom(log_ratio))
        half = t * standard_error(log_ratio)
    mean = log_ratio.mean
    return exponential(Estimate(mean, mean - half, mean + half, level, log_ratio.rounds))


def _variances(*samples: Sequence[float]) -> tuple[float, ...] | None:
    if any(len(sample) < 2 for sample in samples):
        return None
    return tuple(float(np.var(sample, ddof=1)) for sample in samples)


def _squared_errors(log_ratio: LogRatio) -> list[float]:
    if log_ratio.variances is None:
        raise ValueError("the spread is unknown: it takes at least 2 rounds")
    pairs = zip(log_ratio.variances, log_ratio.counts, strict=True)
    return [variance / count for variance, count in pairs]
