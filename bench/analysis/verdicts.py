"""Which target is faster, as far as one run can tell.

Every pair of targets that means something (`bench.pairs`) is compared within rounds, for every
phase of every workload, by each of the run's measures. All verdicts by one measure are one family:
the more it asks, the wider each of its intervals.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bench.analysis.measures import (
    Measure,
    cause_of,
    lacking,
    limits_elsewhere,
    measures_of,
    speeds_of,
)
from bench.analysis.series import operation_title
from bench.analysis.validity import phases_of, unequal_workers, windows_of
from bench.model import RunRecord, Verdict
from bench.pairs import pairs
from bench.stats.verdict import LEVEL, Comparison, judge


@dataclass(frozen=True)
class PhaseVerdict:
    """A verdict on two targets, the phase that it is about and the measure that it is by.

    `elsewhere` names by target what limited it in most rounds, where that was not its app's core.
    """

    workload: str
    phase: str
    measure: Measure
    verdict: Verdict
    elsewhere: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The operation, with its workload where that has several phases."""
        return operation_title(self.workload, self.phase)


@dataclass(frozen=True)
class Question:
    """What a verdict is to be given on."""

    workload: str
    phase: str
    measure: Measure
    comparison: Comparison
    elsewhere: Mapping[str, str]


def verdicts(record: RunRecord, level: float = LEVEL) -> tuple[PhaseVerdict, ...]:
    """A verdict per measure, phase and pair of targets that means something, in plan order.

    In a closed loop rates and costs are compared, in an open loop p99 latencies and costs. A cell
    that is unfit, has an invalid window or a rate of 0 makes its comparisons invalid, and so does a
    rate that was limited by the generator.
    """
    return tuple(
        verdict
        for measure in measures_of(record.plan)
        for verdict in _family(tuple(questions(record, measure)), level)
    )


def _family(asked: Sequence[Question], level: float) -> Iterator[PhaseVerdict]:
    judged = judge([question.comparison for question in asked], level=level)
    for question, verdict in zip(asked, judged, strict=True):
        yield _with_verdict(question, verdict)


def _with_verdict(question: Question, verdict: Verdict) -> PhaseVerdict:
    return PhaseVerdict(
        question.workload, question.phase, question.measure, verdict, question.elsewhere
    )


def ratios(record: RunRecord, level: float = LEVEL) -> tuple[PhaseVerdict, ...]:
    """The same comparisons, each a family of its own: with its plain interval at `level`.

    How wide such an interval is depends on nothing but its own rounds.
    """
    return tuple(
        _with_verdict(question, verdict)
        for measure in measures_of(record.plan)
        for question in questions(record, measure)
        for verdict in judge([question.comparison], level=level)
    )


def questions(record: RunRecord, measure: Measure) -> Iterator[Question]:
    """Every comparison of a run by this measure, in plan order. Of targets with another number of
    workers no round counts.
    """
    workers = unequal_workers(record)
    for workload, phase in phases_of(record):
        windows = {
            target: windows_of(record, target, workload, phase) for target in record.plan.targets
        }
        speeds = {target: speeds_of(mine, measure) for target, mine in windows.items()}
        for subject, reference in _asked(record):
            sides = {name: windows[name] for name in (subject, reference)}
            own = [workers[name] for name in sides if name in workers]
            unequal = len(set(own)) > 1
            rates = {
                name: dict.fromkeys(speeds[name]) if unequal else speeds[name] for name in sides
            }
            comparison = Comparison(
                subject,
                reference,
                rates[subject],
                rates[reference],
                cause=f"workers: {' and '.join(map(str, own))}"
                if unequal
                else cause_of(measure, *sides.values()),
                lacking=next(
                    filter(None, (lacking(window, measure) for window in sides.values())), ""
                ),
            )
            elsewhere = limits_elsewhere(measure, sides)
            yield Question(workload, phase, measure, comparison, elsewhere)


def _asked(record: RunRecord) -> tuple[tuple[str, str], ...]:
    """The pairs of a run's targets that mean something, by name."""
    known = [record.target(name) for name in record.plan.targets]
    return tuple((subject.name, reference.name) for subject, reference in pairs(known))
