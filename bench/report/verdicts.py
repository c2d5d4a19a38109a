"""Which target is faster, as far as one run can tell.

Every pair of targets is compared within rounds, for every phase of every workload, and the whole
table is one family: the more it asks, the wider each of its intervals.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from bench.histogram import SAMPLES_BEYOND
from bench.metrics import METRICS
from bench.model import RunRecord, Verdict
from bench.report.measures import (
    Measure,
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
from bench.stats.ratio import RatesByRound
from bench.stats.verdict import Comparison, judge


@dataclass(frozen=True)
class PhaseVerdict:
    """A verdict on two targets, and the phase it is about."""

    workload: str
    phase: str
    verdict: Verdict

    @property
    def title(self) -> str:
        return self.workload if self.workload == self.phase else f"{self.workload}: {self.phase}"


def verdicts(
    record: RunRecord, threshold: float = 0.02, level: float = 0.95
) -> tuple[PhaseVerdict, ...]:
    """A verdict per pair of targets and phase, in plan order.

    Rates are compared in a closed loop, p99 latencies in an open loop. A cell that is unfit, has
    an invalid window or a rate of 0 makes its comparisons invalid.
    """
    measure = measures_of(record.plan.pacing)[0]
    asked = [
        (workload, phase, comparison)
        for workload, phase in phases_of(record)
        for comparison in _pairs(record, workload, phase, measure)
    ]
    judged = judge([comparison for _, _, comparison in asked], threshold, level)
    return tuple(
        PhaseVerdict(workload, phase, verdict)
        for (workload, phase, _), verdict in zip(asked, judged, strict=True)
    )


def _pairs(record: RunRecord, workload: str, phase: str, measure: Measure) -> list[Comparison]:
    windows = {
        target: windows_of(record, target, workload, phase) for target in record.plan.targets
    }
    speeds: Mapping[str, RatesByRound] = {
        target: speeds_of(mine, measure) for target, mine in windows.items()
    }
    lacks = {target: lacking(mine, measure) for target, mine in windows.items()}
    return [
        Comparison(
            subject,
            reference,
            speeds[subject],
            speeds[reference],
            lacking=lacks[subject] or lacks[reference],
        )
        for subject, reference in combinations(record.plan.targets, 2)
    ]


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
        verdict_words(verdict, measure),
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


def _caption(
    found: Sequence[PhaseVerdict], measure: Measure, threshold: float, level: float
) -> str:
    parts = [
        f"Ratios of {measure.title}, paired within rounds, with intervals that hold {level:.0%} "
        f"for the whole table (Holm). Beyond {threshold:.0%} as a whole: faster or slower; within "
        f"it: indistinguishable."
    ]
    if measure.metric is METRICS["p99"]:
        fewest = 100 * SAMPLES_BEYOND
        parts.append(f"Less is faster; windows under {fewest:,} requests have no p99.")
    if any("left out" in one.verdict.reason for one in found):
        parts.append("Cells of rounds that are not finished have no partner and are left out.")
    return " ".join(parts)
