"""Which target is faster, as far as one run can tell.

Every pair of targets that means something (`bench.pairs`) is compared within rounds, for every
phase of every workload, by each of the run's measures. All verdicts by one measure are one family:
the more it asks, the wider each of its intervals.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from bench.analysis.judging import PhaseVerdict, Question, ask, judged
from bench.analysis.measures import Measure, measures_of
from bench.analysis.validity import phases_of, unequal_workers, windows_of
from bench.model import RunRecord
from bench.pairs import pairs
from bench.stats.verdict import LEVEL


def verdicts(record: RunRecord, level: float = LEVEL) -> tuple[PhaseVerdict, ...]:
    """A verdict per measure, phase and pair of targets that means something, in plan order.

    In a closed loop rates and costs are compared, in an open loop p99 latencies and costs. A cell
    that is unfit, has an invalid window or a rate of 0 makes its comparisons invalid, and so does a
    rate that was limited by the generator.
    """
    return tuple(
        verdict
        for measure in measures_of(record.plan)
        for verdict in judged(tuple(questions(record, measure)), level=level)
    )


def ratios(record: RunRecord, level: float = LEVEL) -> tuple[PhaseVerdict, ...]:
    """The same comparisons, each a family of its own: with its plain interval at `level`.

    How wide such an interval is depends on nothing but its own rounds.
    """
    return tuple(
        verdict
        for measure in measures_of(record.plan)
        for question in questions(record, measure)
        for verdict in judged([question], level=level)
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
        for subject, reference in _asked(record):
            sides = [(name, windows[name]) for name in (subject, reference)]
            question = ask((subject, workload, phase), measure, *sides)
            own = [workers[name] for name in (subject, reference) if name in workers]
            yield _without_rounds(question, own) if len(set(own)) > 1 else question


def _without_rounds(question: Question, workers: Sequence[int]) -> Question:
    comparison = replace(
        question.comparison,
        subject_rates=dict.fromkeys(question.comparison.subject_rates),
        reference_rates=dict.fromkeys(question.comparison.reference_rates),
        causes=(f"workers: {' and '.join(map(str, workers))}",),
    )
    return replace(question, comparison=comparison)


def _asked(record: RunRecord) -> tuple[tuple[str, str], ...]:
    """The pairs of a run's targets that mean something, by name."""
    known = [record.target(name) for name in record.plan.targets]
    return tuple((subject.name, reference.name) for subject, reference in pairs(known))
