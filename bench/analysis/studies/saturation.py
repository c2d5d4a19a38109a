"""The highest rate that holds a latency objective: trials judged, the search's answer.

All of it is derived from stored cells, so that a report never depends on what was on the screen.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bench.analysis.diagnostics import refused_by_machine
from bench.metrics import METRICS
from bench.model import (
    CellResult,
    ClosedLoop,
    Lateness,
    OpenLoop,
    PhaseResult,
    RunRecord,
    Saturation,
)
from bench.stats.search import Answer, Search, Trial, answer, next_rate

REFUSED = "the load generator refused this rate"
"""Begins the `unfit` of a cell whose rate the generator could not keep."""

LATE_SHARE = 0.1
"""A generator that is later than this share of the objective, at p99, measures itself."""

_GIVE_UP_AFTER = 2


def judge(cell: CellResult, objective_s: float) -> Trial:
    """One trial: passed, failed, or unjudged where the target is not to blame.

    A late generator makes latencies longer, never shorter. So a target fails beyond doubt when
    its p99 is too long even after the worst lateness is taken off.
    """
    assert isinstance(cell.pacing, OpenLoop)
    rate = cell.pacing.rate_per_s
    if cell.unfit or not cell.phases:
        return Trial(rate, "unjudged", cell.unfit.splitlines()[0] if cell.unfit else "no window")
    (window, *_) = cell.phases
    lateness = window.load.lateness or Lateness(None, None, None, 0, 0)
    late_p99_s, late_max_s = lateness.p99_s or 0.0, lateness.max_s or 0.0
    p99_ms = METRICS["p99"].per_window(window)
    refused = sum(refused_by_machine(window.load).values())
    if failed := window.load.failed - refused:
        return Trial(rate, "failed", f"{failed:,} requests failed")
    if refused:
        return Trial(rate, "unjudged", f"this machine kept {refused:,} requests from being sent")
    if p99_ms is not None and p99_ms / 1e3 - late_max_s > objective_s:
        return Trial(rate, "failed", _too_long(p99_ms))
    if late_p99_s > LATE_SHARE * objective_s:
        late = f"generator-bound: it sent {late_p99_s * 1e3:.1f} ms late at p99"
        return Trial(rate, "unjudged", late)
    if lateness.unsent:
        return Trial(rate, "failed", f"{lateness.unsent:,} requests could not be sent in time")
    if p99_ms is None:
        return Trial(rate, "unjudged", f"only {window.load.succeeded:,} requests: too few for p99")
    if p99_ms / 1e3 > objective_s:
        return Trial(rate, "failed", _too_long(p99_ms))
    return _unless_invalid(rate, window)


def _too_long(p99_ms: float) -> str:
    return f"p99 {p99_ms:,.0f} ms"


def _unless_invalid(rate_per_s: float, window: PhaseResult) -> Trial:
    for diagnostic in window.diagnostics:
        if diagnostic.severity == "invalid":
            return Trial(rate_per_s, "unjudged", diagnostic.message)
    return Trial(rate_per_s, "passed")


@dataclass(frozen=True)
class SaturationOutcome:
    """All about one target. `trials` and `cells` belong together, one by one.

    Without a capacity there was no search, and `answer` is None.
    """

    target: str
    capacity_per_s: float | None
    cells: tuple[CellResult, ...]
    trials: tuple[Trial, ...]
    answer: Answer | None
    next_per_s: float | None

    def windows(self, rate_per_s: float | None, mark: str) -> tuple[PhaseResult, ...]:
        """The windows of the trials at a rate that went this way."""
        if rate_per_s is None:
            return ()
        return tuple(
            cell.phases[0]
            for cell, trial in zip(self.cells, self.trials, strict=True)
            if cell.phases and trial.mark == mark and _same(trial.rate_per_s, rate_per_s)
        )

    def reasons(self, rate_per_s: float | None) -> tuple[str, ...]:
        """Why trials at a rate did not pass."""
        if rate_per_s is None:
            return ()
        at_rate = (trial for trial in self.trials if _same(trial.rate_per_s, rate_per_s))
        return tuple(trial.reason for trial in at_rate if trial.reason)

    @property
    def limited_by(self) -> str:
        """What gave way first: the resource in the first failing trial just above the answer.

        Empty where none failed there.
        """
        failing = self.windows(self.answer.upper_per_s, "failed") if self.answer else ()
        return failing[0].limited_by if failing else ""

    @property
    def given_up(self) -> bool:
        """Whether the target has been unfit again and again: other rates would not mend it."""
        return _given_up(self.cells)


def _same(first: float, other: float) -> bool:
    return abs(first / other - 1) < 1e-6


def outcome(study: Saturation, target: str, cells: Sequence[CellResult]) -> SaturationOutcome:
    """What one target's cells say so far, and which rate to try next."""
    mine = [cell for cell in cells if cell.target == target]
    capacity = _capacity_per_s(mine)
    tried = tuple(cell for cell in mine if isinstance(cell.pacing, OpenLoop))
    trials = tuple(judge(cell, study.objective_s) for cell in tried)
    if capacity is None:
        return SaturationOutcome(target, None, tried, trials, None, None)
    search = _search(study, capacity)
    rate = None if _given_up(tried) else next_rate(search, trials)
    return SaturationOutcome(target, capacity, tried, trials, answer(search, trials), rate)


def _capacity_per_s(cells: Sequence[CellResult]) -> float | None:
    """The rate in a closed loop: where to start, so it need not be exact."""
    for cell in cells:
        if isinstance(cell.pacing, ClosedLoop) and cell.phases:
            return cell.phases[0].load.rate_per_s or None
    return None


def _search(study: Saturation, capacity_per_s: float) -> Search:
    start = study.start_share * capacity_per_s
    return Search(
        start_per_s=start,
        lowest_per_s=min(study.lowest_per_s, start),
        highest_per_s=study.highest_share * capacity_per_s,
        tolerance=study.tolerance,
        most_trials=study.most_trials,
    )


def _given_up(cells: Sequence[CellResult]) -> bool:
    """Whether the target has been unfit again and again: other rates would not mend it."""
    last = cells[-_GIVE_UP_AFTER:]
    return len(last) == _GIVE_UP_AFTER and all(_is_unfit(cell) for cell in last)


def _is_unfit(cell: CellResult) -> bool:
    return bool(cell.unfit) and not cell.refused


def unmeasured(found: Sequence[SaturationOutcome]) -> tuple[str, ...]:
    """The targets whose search found nothing for their own fault: unfit, or given up."""
    return tuple(
        search.target for search in found if search.answer is None or _given_up(search.cells)
    )


def outcomes(record: RunRecord, study: Saturation) -> tuple[SaturationOutcome, ...]:
    """How the search of each target ended, or stands now, in the order of the plan."""
    return tuple(outcome(study, target, record.cells) for target in record.plan.targets)


def cells_behind(found: Sequence[SaturationOutcome]) -> tuple[CellResult, ...]:
    """The cells that the answers rest on: those that passed at the answer's rate."""
    return tuple(
        cell
        for search in found
        if search.answer and search.answer.lower_per_s
        for cell, trial in zip(search.cells, search.trials, strict=True)
        if trial.mark == "passed" and _same(trial.rate_per_s, search.answer.lower_per_s)
    )
