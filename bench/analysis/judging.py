"""A figure of two sides, and the verdict on it: of two targets, two runs, or before and after."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.analysis.measures import Measure, causes_of, lacking, limits_elsewhere, speeds_of
from bench.analysis.series import TargetPhase
from bench.analysis.validity import Windows, valid_windows
from bench.model import Estimate, Verdict
from bench.stats.verdict import LEVEL, THRESHOLD, Comparison, judge


@dataclass(frozen=True)
class Question(TargetPhase):
    """What a verdict is to be given on: a measure of an operation at two sides, by their names.

    The comparison is of speeds, the subject's to the reference's.
    """

    measure: Measure
    comparison: Comparison
    sides: Mapping[str, Windows]

    @property
    def before(self) -> float | None:
        """The measure's own figure of the reference; None where no window of it may be used."""
        return self._figure(self.comparison.reference)

    @property
    def after(self) -> float | None:
        """The measure's own figure of the subject; None where no window of it may be used."""
        return self._figure(self.comparison.subject)

    def _figure(self, side: str) -> float | None:
        windows = valid_windows(self.sides[side])
        return self.measure.metric.value(windows) if windows else None

    @property
    def elsewhere(self) -> Mapping[str, str]:
        """By side, what limited it in most rounds, where that was not its app's core."""
        return limits_elsewhere(self.measure, self.sides)


@dataclass(frozen=True)
class PhaseVerdict(Question):
    """A question with its verdict. The target is the one whose speed the verdict is of."""

    verdict: Verdict

    @property
    def ratio(self) -> Estimate | None:
        """after / before of the measure itself, not of its speed; None where there is none."""
        return None if self.verdict.ratio is None else self.measure.shown(self.verdict.ratio)


def ask(
    where: tuple[str, str, str],
    measure: Measure,
    subject: tuple[str, Windows],
    reference: tuple[str, Windows],
    *,
    paired: bool = True,
) -> Question:
    """What is asked of a (target, workload, phase), each side being its name and its windows."""
    (ours, after), (theirs, before) = subject, reference
    comparison = Comparison(
        ours,
        theirs,
        speeds_of(after, measure),
        speeds_of(before, measure),
        paired,
        lacking(after, measure) or lacking(before, measure),
        causes_of(measure, after, before),
    )
    return Question(*where, measure, comparison, dict((subject, reference)))


def judged(
    family: Sequence[Question],
    threshold: float = THRESHOLD,
    level: float = LEVEL,
    *,
    same_alone: bool = False,
) -> tuple[PhaseVerdict, ...]:
    """One verdict per question, in the order given, all of one family: see `judge`.

    Raises ValueError as `judge` does.
    """
    comparisons = [asked.comparison for asked in family]
    verdicts = judge(comparisons, threshold, level, same_alone=same_alone)
    return tuple(
        PhaseVerdict(**vars(asked), verdict=verdict)
        for asked, verdict in zip(family, verdicts, strict=True)
    )
