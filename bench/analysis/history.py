"""All comparable runs of one machine in a row: a trend per framework and phase, and its shifts.

Which runs are comparable is what `make compare` says: those that differ in nothing that forbids a
comparison (machine, placement, supervisor, contract, pacing, window). Where a count of requests
ends the phases of a run, that count must be the reference's: two runs that the reference has no
such workload in common with would else share a trend.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from bench.analysis.comparison import DatabaseUse, witness
from bench.analysis.differences import COUNTED, PER_TARGET, Difference, differences, is_counted
from bench.analysis.measures import Measure, measures_of
from bench.analysis.series import TargetPhase
from bench.analysis.validity import phases_of, valid_windows, windows_of
from bench.metrics import METRICS
from bench.model import Estimate, PhaseResult, RunRecord
from bench.stats.changes import (
    FEWEST,
    ChangePoint,
    change_points,
    runs_needed,
    smallest_visible,
    stretches,
)
from bench.stats.ratio import ratio_estimate, unpaired_log_ratio

ERROR = 0.05
"""The chance that a history in which nothing has changed shows a change at all."""

WORTH_SEEING = 0.05
"""The change for which a trend says how many runs would show it."""


@dataclass(frozen=True)
class TrendPoint:
    """One run's figure in the metric's own unit, with its interval over that run's rounds.

    `database_cost_us` and `queries` are per request, None where no database was asked.
    """

    run_id: str
    estimate: Estimate
    database_cost_us: float | None
    queries: float | None


@dataclass(frozen=True)
class Gap:
    """A run that should have had this figure and has none."""

    run_id: str
    reason: str


@dataclass(frozen=True)
class Change:
    """A shift between two runs that follow each other in a trend.

    `ratio` is after / before of the metric itself, with a 95 % interval that knows nothing of the
    search; it spans the stretches between the neighbouring changes. `witness` is after / before
    of the database's CPU per request. `differing` is what else changed between the two runs.
    """

    before: str
    after: str
    ratio: Estimate
    word: str
    p_value: float
    witness: float | None
    differing: tuple[Difference, ...]


@dataclass(frozen=True)
class Trend(TargetPhase):
    """One figure of one target through all runs, the oldest first.

    `smallest_visible` is the change (0.1 for 10 %) that this many runs with this spread show half
    of the time; `runs_needed` how many would show one of `WORTH_SEEING`.
    """

    measure: Measure
    points: tuple[TrendPoint, ...]
    gaps: tuple[Gap, ...]
    changes: tuple[Change, ...] = ()
    smallest_visible: float | None = None
    runs_needed: int | None = None


@dataclass(frozen=True)
class ExcludedRun:
    """A stored run that is no part of this history."""

    run_id: str
    reason: str


@dataclass(frozen=True)
class History:
    """The runs that are comparable with `reference`, the oldest first, and their trends.

    `error` is the share of `ERROR` that each trend's search may use.
    """

    reference: RunRecord
    runs: tuple[RunRecord, ...]
    trends: tuple[Trend, ...]
    left_out: tuple[ExcludedRun, ...]
    error: float


def history_of(
    records: Sequence[RunRecord], reference: RunRecord, targets: Sequence[str] = ()
) -> History:
    """The history that `reference` belongs to, out of all stored runs in any order: of these
    targets, or of all.
    """
    left_out = []
    runs = []
    for record in sorted(records, key=lambda record: (record.started_at, record.run_id)):
        if reason := _foreign(record, reference):
            left_out.append(ExcludedRun(record.run_id, reason))
        else:
            runs.append(record)
    series = [which for which in _series(runs, reference) if not targets or which[0] in targets]
    found = _told([_trend(runs, *which) for which in series])
    searched = sum(len(trend.points) >= FEWEST for trend in found)
    error = ERROR / max(1, searched)
    trends = tuple(_searched(trend, runs, error) for trend in found)
    return History(reference, tuple(runs), trends, tuple(left_out), error)


def _foreign(record: RunRecord, reference: RunRecord) -> str:
    """Why a run belongs to another history; "" when it belongs to this one."""
    if not record.plan.design.is_comparable:
        return f"a {record.plan.design.kind}"
    forbidding = [
        difference.name
        for difference in differences(record, reference)
        if difference.blocking
        or (difference.name == COUNTED and any(map(is_counted, record.plan.workloads)))
    ]
    return f"another {forbidding[0]}" if forbidding else ""


# --- points -----------------------------------------------------------------------------------


def _series(
    runs: Sequence[RunRecord], reference: RunRecord
) -> Iterator[tuple[str, str, str, Measure]]:
    """Target, workload, phase and measure of each trend: phases as they first came up."""
    phases = dict.fromkeys(phase for run in runs for phase in phases_of(run))
    targets = dict.fromkeys(target for run in runs for target in run.plan.targets)
    for measure in measures_of(reference.plan):
        for workload, phase in phases:
            for target in targets:
                yield target, workload, phase, measure


def _told(found: Sequence[Trend]) -> list[Trend]:
    """Trends with points, and of the others those whose workload shows in no other phase.

    A scenario that failed as a whole has no phase to name, and is a gap in each of its phases.
    """
    measured = {(trend.target, trend.workload) for trend in found if trend.points}
    return [
        trend
        for trend in found
        if trend.points or (trend.gaps and (trend.target, trend.workload) not in measured)
    ]


def _trend(
    runs: Sequence[RunRecord], target: str, workload: str, phase: str, measure: Measure
) -> Trend:
    points: list[TrendPoint] = []
    gaps: list[Gap] = []
    for run in runs:
        if target not in run.plan.targets or workload not in run.plan.workloads:
            continue
        windows = windows_of(run, target, workload, phase)
        point = _point(run.run_id, valid_windows(windows), measure)
        if point:
            points.append(point)
        else:
            gaps.append(Gap(run.run_id, _why_none(run, target, workload, windows)))
    return Trend(target, workload, phase, measure, tuple(points), tuple(gaps))


def _point(run_id: str, windows: Sequence[PhaseResult], measure: Measure) -> TrendPoint | None:
    estimate = measure.metric.estimate(windows)
    if estimate is None or estimate.point <= 0:
        return None
    queries = METRICS["queries"].value(windows)
    return TrendPoint(
        run_id,
        estimate,
        METRICS["database_cost"].value(windows) if queries else None,
        queries or None,
    )


def _why_none(
    run: RunRecord, target: str, workload: str, windows: Mapping[int, PhaseResult | None]
) -> str:
    if not windows:
        return f"not reached: the run is {run.state}"
    unfit = any(
        cell.unfit for cell in run.cells if (cell.target, cell.workload) == (target, workload)
    )
    return "not measured: unfit" if unfit else "no valid window"


# --- shifts -----------------------------------------------------------------------------------


def _searched(trend: Trend, runs: Sequence[RunRecord], error: float) -> Trend:
    """The trend with its changes, and with what it could have shown."""
    logs = [math.log(point.estimate.point) for point in trend.points]
    found = change_points(logs, error)
    edges = [change.index for change in found]
    visible = smallest_visible(logs, edges, error)
    return replace(
        trend,
        changes=tuple(_change(trend, runs, edges, change) for change in found),
        smallest_visible=None if visible is None else math.expm1(visible),
        runs_needed=runs_needed(logs, edges, math.log1p(WORTH_SEEING), error),
    )


def _change(
    trend: Trend, runs: Sequence[RunRecord], edges: Sequence[int], found: ChangePoint
) -> Change:
    parts = stretches(edges, len(trend.points))
    earlier, later = (trend.points[low:high] for low, high in parts if found.index in (low, high))
    ratio = _ratio(earlier, later)
    faster = (ratio.point < 1) if trend.measure.inverted else (ratio.point > 1)
    by_id = {run.run_id: run for run in runs}
    before, after = earlier[-1].run_id, later[0].run_id
    return Change(
        before,
        after,
        ratio,
        trend.measure.better if faster else trend.measure.worse,
        found.p_value,
        witness(_asked(earlier), _asked(later)),
        _differing(by_id[before], by_id[after], trend.target),
    )


def _ratio(earlier: Sequence[TrendPoint], later: Sequence[TrendPoint]) -> Estimate:
    """later / earlier of the metric, each run counting once (Welch's interval)."""
    old, new = (
        {number: point.estimate.point for number, point in enumerate(points)}
        for points in (earlier, later)
    )
    return ratio_estimate(unpaired_log_ratio(new, old))


def _asked(points: Sequence[TrendPoint]) -> list[DatabaseUse]:
    return [(point.queries, point.database_cost_us) for point in points]


def _differing(before: RunRecord, after: RunRecord, target: str) -> tuple[Difference, ...]:
    """What changed between two runs, leaving out what belongs to other targets or to the plan."""
    return tuple(
        difference
        for difference in differences(before, after)
        if difference.path[0] != "plan"
        and (difference.path[0] not in PER_TARGET or difference.path[1] == target)
    )
