"""How well several runs of the same agree: each run's ratios against those of all the others."""

import math
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.analysis.differences import differences, require_comparable
from bench.analysis.judging import PhaseVerdict
from bench.analysis.measures import measures_of
from bench.analysis.verdicts import questions, ratios, verdicts
from bench.errors import UsageError
from bench.model import Estimate, RunRecord, Verdict, VerdictKind
from bench.stats.agreement import off_others
from bench.stats.ratio import LogRatio, invalid_rounds, paired_log_ratio, ratio_estimate

FEWEST_RUNS = 3

RunPhase = tuple[str, str, str, str, str]
"""Measure, workload, phase, subject and reference of a comparison."""


@dataclass(frozen=True)
class RunsAgreement:
    """Counts over all ratios of all runs. `held` are intervals that held the other runs' mean.

    `contradictions` counts comparisons on which two runs have given different verdicts, leaving
    out those that were no verdicts. `held_allowing` are intervals that allow for the error of the
    other runs' mean too.
    """

    runs: int
    compared: int
    kinds: Mapping[VerdictKind, int]
    contradictions: int
    held_by_verdicts: int
    held_plain: int
    held_allowing: int


def agreement(records: Sequence[RunRecord], level: float = 0.95) -> RunsAgreement:
    """Set every run's ratios against the mean ratios of all other runs.

    Raises UsageError for fewer than 3 runs, for one that is no bench, for runs that were not made
    under the same conditions, and where no ratio stands in at least 3 of them.
    """
    _require_alike(records)
    found = [_log_ratios(record) for record in records]
    judged = [_by_key(verdicts(record, level=level)) for record in records]
    plain = [_by_key(ratios(record, level)) for record in records]
    held: Counter[str] = Counter()
    for at, mine in enumerate(found):
        for key, ratio in mine.items():
            others = [run[key].mean for run in (*found[:at], *found[at + 1 :]) if key in run]
            if len(others) < FEWEST_RUNS - 1:
                continue
            mean = math.exp(statistics.fmean(others))
            held["compared"] += 1
            held["verdicts"] += _holds(judged[at][key].ratio, mean)
            held["plain"] += _holds(plain[at][key].ratio, mean)
            held["allowing"] += _holds(ratio_estimate(off_others(ratio, others), level), 1.0)
    if not held["compared"]:
        raise UsageError(
            f"no ratio has at least 2 rounds in {FEWEST_RUNS} of these runs",
            "Name runs of several frameworks with several rounds.",
        )
    return RunsAgreement(
        runs=len(records),
        compared=held["compared"],
        kinds=Counter(verdict.kind for run in judged for verdict in run.values()),
        contradictions=_contradictions(judged),
        held_by_verdicts=held["verdicts"],
        held_plain=held["plain"],
        held_allowing=held["allowing"],
    )


def _require_alike(records: Sequence[RunRecord]) -> None:
    if len({record.run_id for record in records}) < max(FEWEST_RUNS, len(records)):
        raise UsageError(
            f"this takes at least {FEWEST_RUNS} runs, each named once",
            "E.g. python -m bench lab agreement 20261122-100000 20261122-100300 20261122-100600.",
        )
    first, *others = records
    require_comparable(records, "name benches")
    for other in others:
        if blocking := [
            difference for difference in differences(first, other) if difference.blocking
        ]:
            raise UsageError(
                f"runs {first.run_id} and {other.run_id} are not of the same: "
                + "; ".join(map(str, blocking)),
                "Name runs that were made under the same conditions.",
            )


def _log_ratios(record: RunRecord) -> Mapping[RunPhase, LogRatio]:
    """Those with a spread: of at least two rounds, and no invalid one."""
    found = {}
    asked_all = (
        question for measure in measures_of(record.plan) for question in questions(record, measure)
    )
    for question in asked_all:
        asked = question.comparison
        rates = (asked.subject_rates, asked.reference_rates)
        shared = set(rates[0]) & set(rates[1])
        if len(shared) > 1 and not any(map(invalid_rounds, rates)):
            sides = (asked.subject, asked.reference)
            key = (question.measure.metric.name, question.workload, question.phase, *sides)
            found[key] = paired_log_ratio(*rates)
    return found


def _by_key(found: Sequence[PhaseVerdict]) -> Mapping[RunPhase, Verdict]:
    return {
        (
            comparison.measure.metric.name,
            comparison.workload,
            comparison.phase,
            comparison.verdict.subject,
            comparison.verdict.reference,
        ): comparison.verdict
        for comparison in found
    }


def _holds(interval: Estimate | None, value: float) -> bool:
    return interval is not None and interval.low <= value <= interval.high


def _contradictions(judged: Sequence[Mapping[RunPhase, Verdict]]) -> int:
    said: dict[RunPhase, set[VerdictKind]] = {}
    for run in judged:
        for key, verdict in run.items():
            if verdict.kind not in ("inconclusive", "invalid"):
                said.setdefault(key, set()).add(verdict.kind)
    return sum(len(kinds) > 1 for kinds in said.values())
