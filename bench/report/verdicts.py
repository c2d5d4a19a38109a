"""Which target is faster, as far as one run can tell.

Every pair of targets is compared within rounds, for every phase of every workload, and the whole
table is one family: the more it asks, the wider each of its intervals.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from bench import histogram
from bench.metrics import METRICS
from bench.model import RunRecord, Verdict
from bench.report.measures import (
    ELSEWHERE,
    Measure,
    cause_of,
    elsewhere_words,
    interval_words,
    lacking,
    measures_of,
    p_words,
    phases_of,
    rounds_words,
    speeds_of,
    verdict_words,
    windows_of,
)
from bench.report.tables import Table
from bench.stats.verdict import Comparison, judge


@dataclass(frozen=True)
class PhaseVerdict:
    """A verdict on two targets, and the phase it is about.

    `elsewhere` names what limited a side in most rounds, where that was not its app's core.
    """

    workload: str
    phase: str
    verdict: Verdict
    elsewhere: str = ""

    @property
    def title(self) -> str:
        return self.workload if self.workload == self.phase else f"{self.workload}: {self.phase}"


def verdicts(
    record: RunRecord, threshold: float = 0.02, level: float = 0.95
) -> tuple[PhaseVerdict, ...]:
    """A verdict per pair of targets and phase, in plan order.

    Rates are compared in a closed loop, p99 latencies in an open loop. A cell that is unfit, has
    an invalid window or a rate of 0 makes its comparisons invalid, and so does a rate that was
    limited by the generator.
    """
    asked = tuple(questions(record))
    judged = judge([one.comparison for one in asked], threshold, level)
    return tuple(
        PhaseVerdict(one.workload, one.phase, verdict, one.elsewhere)
        for one, verdict in zip(asked, judged, strict=True)
    )


def ratios(record: RunRecord, level: float = 0.95) -> tuple[PhaseVerdict, ...]:
    """The same comparisons, each a family of its own: with its plain interval at `level`.

    How wide such an interval is depends on nothing but its own rounds.
    """
    return tuple(
        PhaseVerdict(one.workload, one.phase, verdict, one.elsewhere)
        for one in questions(record)
        for verdict in judge([one.comparison], level=level)
    )


@dataclass(frozen=True)
class Question:
    """What a verdict is to be given on."""

    workload: str
    phase: str
    comparison: Comparison
    elsewhere: str


def questions(record: RunRecord) -> Iterator[Question]:
    """Every comparison of a run, in plan order."""
    measure = measures_of(record.plan.pacing)[0]
    for workload, phase in phases_of(record):
        windows = {
            target: windows_of(record, target, workload, phase) for target in record.plan.targets
        }
        speeds = {target: speeds_of(mine, measure) for target, mine in windows.items()}
        for subject, reference in combinations(record.plan.targets, 2):
            sides = {name: windows[name] for name in (subject, reference)}
            comparison = Comparison(
                subject,
                reference,
                speeds[subject],
                speeds[reference],
                cause=cause_of(measure, *sides.values()),
                lacking=next(filter(None, (lacking(one, measure) for one in sides.values())), ""),
            )
            yield Question(workload, phase, comparison, elsewhere_words(measure, sides))


def verdict_table(record: RunRecord, threshold: float = 0.02, level: float = 0.95) -> Table:
    """The verdicts in words. Without a second target there are no rows."""
    found = verdicts(record, threshold, level)
    measure = measures_of(record.plan.pacing)[0]
    return Table(
        title="Verdicts",
        columns=("operation", "comparison", "verdict", "p (Holm)", "rounds needed"),
        rows=tuple(_row(one, measure) for one in found),
        numeric=(False, False, False, True, True),
        caption=_caption(found, measure, threshold, level),
    )


def _row(one: PhaseVerdict, measure: Measure) -> tuple[str, ...]:
    verdict = one.verdict
    return (
        one.title,
        comparison_words(verdict, measure),
        verdict_words(verdict, measure, one.elsewhere),
        p_words(verdict.p_value),
        rounds_words(verdict),
    )


def comparison_words(verdict: Verdict, measure: Measure) -> str:
    """E.g. "fastapi is 1.62 x flask [1.55, 1.70]"."""
    subject, reference = verdict.subject, verdict.reference
    if verdict.ratio is None:
        return f"{subject} against {reference}"
    point, _, interval = interval_words(measure.shown(verdict.ratio)).partition(" ")
    return f"{subject} is {point} x {reference} {interval or '(one round)'}"


def family_words(level: float) -> str:
    """What is kept for a table of verdicts, and what is not."""
    return (
        f"At most {1 - level:.0%} of such tables hold a wrong verdict; that all intervals hold at "
        f"once is not said."
    )


def _caption(
    found: Sequence[PhaseVerdict], measure: Measure, threshold: float, level: float
) -> str:
    parts = [
        f"Ratios of {measure.title}, paired within rounds, each with the interval of its step in "
        f"Holm's method. Beyond {threshold:.0%} as a whole: faster or slower; within it: "
        f"indistinguishable. {family_words(level)}"
    ]
    if measure.metric is METRICS["p99"]:
        needed = histogram.samples_needed(99)
        parts.append(f"Less is faster; windows under {needed:,} requests have no p99.")
    if any(one.elsewhere and one.verdict.kind != "invalid" for one in found):
        parts.append(ELSEWHERE)
    if any("left out" in one.verdict.reason for one in found):
        parts.append("Cells of rounds that are not finished have no partner and are left out.")
    return " ".join(parts)
