"""Which target is faster, as far as one run can tell.

Every pair of targets that means something (`bench.pairs`) is compared within rounds, for every
phase of every workload, and the whole table is one family: the more it asks, the wider each of its
intervals.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from bench.analysis.measures import cause_of, lacking, limits_elsewhere, measures_of, speeds_of
from bench.analysis.series import operation_title
from bench.analysis.validity import phases_of, windows_of
from bench.model import RunRecord, Verdict
from bench.pairs import pairs
from bench.stats.verdict import Comparison, judge


@dataclass(frozen=True)
class PhaseVerdict:
    """A verdict on two targets, and the phase it is about.

    `elsewhere` names by target what limited it in most rounds, where that was not its app's core.
    """

    workload: str
    phase: str
    verdict: Verdict
    elsewhere: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return operation_title(self.workload, self.phase)


def verdicts(
    record: RunRecord, threshold: float = 0.02, level: float = 0.95
) -> tuple[PhaseVerdict, ...]:
    """A verdict per pair of targets that means something, and phase, in plan order.

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
    elsewhere: Mapping[str, str]


def questions(record: RunRecord) -> Iterator[Question]:
    """Every comparison of a run, in plan order."""
    measure = measures_of(record.plan.pacing)[0]
    for workload, phase in phases_of(record):
        windows = {
            target: windows_of(record, target, workload, phase) for target in record.plan.targets
        }
        speeds = {target: speeds_of(mine, measure) for target, mine in windows.items()}
        for subject, reference in _asked(record):
            sides = {name: windows[name] for name in (subject, reference)}
            comparison = Comparison(
                subject,
                reference,
                speeds[subject],
                speeds[reference],
                cause=cause_of(measure, *sides.values()),
                lacking=next(filter(None, (lacking(one, measure) for one in sides.values())), ""),
            )
            yield Question(workload, phase, comparison, limits_elsewhere(measure, sides))


def _asked(record: RunRecord) -> tuple[tuple[str, str], ...]:
    """The pairs of a run's targets that mean something, by name."""
    known = [record.target(name) for name in record.plan.targets]
    return tuple((subject.name, reference.name) for subject, reference in pairs(known))
