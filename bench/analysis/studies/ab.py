"""Before and after: what a change does to each operation, and whether that is known.

Each side is compared with its reference within rounds, by every measure. **App CPU per request
decides** an operation: it is the price of a request, and the figure that is known best. The other
measures convict, but nobody waits for them: a rate or a p99 that has clearly become worse is a
regression, and one that is not known well enough leaves the answer as it is.

All differences of an answer are one family, given at the level of their look. So at most 5 % of the
answers of unchanged services tell of a change, whatever was looked at, and however often. That
nothing has changed is said only when each operation is known to be the same, so each of these is
known at the level of the look by itself: at most 5 % of the answers on a change beyond the
threshold tell of none (see `bench.stats.verdict`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from math import inf, isfinite, sqrt
from typing import Literal

from bench.analysis.judging import PhaseVerdict, Question, ask, judged
from bench.analysis.measures import (
    COST,
    DATABASE_COST,
    MEMORY,
    RATE,
    SERVICE_TIME,
    Measure,
    main_measure,
)
from bench.analysis.series import operation_title
from bench.analysis.validity import Windows, own_faults, phases_of, valid_windows, windows_of
from bench.metrics import METRICS
from bench.model import AB, Pacing, PhaseResult, RunRecord, Side
from bench.stats.looks import latest_look, level_of
from bench.stats.ratio import valid_rounds
from bench.stats.rounds import relative_half_width

SAME_COUNT = 0.01
"""Counts per request that differ by less are the same: a request at an edge is counted or not."""

NEW_CONNECTIONS = 20
"""How many statements a window may lack or have beyond that: a connection that is new is not
checked, and a service has so many."""

CERTAIN = 4.0
"""Standard errors beyond which a statement that not every request sends is sent more often: an ORM
writes only the columns that have changed, so which statement it is depends on the data."""

AbOutcome = Literal["regression", "undecided", "clear"]


def measures_told(pacing: Pacing) -> tuple[Measure, ...]:
    """What is told of each operation, the deciding one first."""
    main = main_measure(pacing)
    return (COST, DATABASE_COST, main, *((SERVICE_TIME,) if main is RATE else ()), MEMORY)


@dataclass(frozen=True)
class Effect(PhaseVerdict):
    """One figure of an operation at a side and at its reference, and the verdict on the side.

    `lost` says that the side, by its own doing, has no valid figure, or fewer, where the reference
    has.
    """

    side: Side
    lost: bool

    @property
    def half_width(self) -> float:
        """How far the interval reaches from the ratio, as a share; infinite where it has none."""
        return inf if self.ratio is None else relative_half_width(self.ratio)

    @property
    def is_deciding(self) -> bool:
        """Whether the A/B ends by this figure: the app's CPU per request is the one that does."""
        return self.measure is COST

    @property
    def is_regression(self) -> bool:
        """Whether the side is worse beyond the threshold, or has lost a deciding figure."""
        return self.verdict.kind == "slower" or (self.is_deciding and self.lost)

    @property
    def is_decided(self) -> bool:
        """Whether it is known to be better, worse or the same within the threshold, or is lost."""
        return self.verdict.kind in ("faster", "slower", "indistinguishable") or self.lost


@dataclass(frozen=True)
class StatementChange:
    """Statements per request of an operation at a side and at its reference; None: not counted.

    `more` and `fewer` are the statements that one of them sends and the other does not, or more
    often, with how many that makes for each request.
    """

    side: Side
    title: str
    before: float | None
    after: float | None
    more: Mapping[str, float] = field(default_factory=dict)
    fewer: Mapping[str, float] = field(default_factory=dict)

    @property
    def differ(self) -> bool:
        """Whether one of them sends a statement that the other does not, or more often."""
        return bool(self.more or self.fewer)


@dataclass(frozen=True)
class Findings:
    """What an A/B has found after so many whole rounds."""

    changes: tuple[Effect, ...]
    statements: tuple[StatementChange, ...]
    rounds: int
    level: float

    @property
    def deciding(self) -> tuple[Effect, ...]:
        """The effects that decide when enough rounds have been measured."""
        return tuple(change for change in self.changes if change.is_deciding)

    @property
    def regressions(self) -> tuple[Effect, ...]:
        """The effects, of any measure, by which a side is worse than its reference."""
        return tuple(change for change in self.changes if change.is_regression)

    @property
    def undecided(self) -> tuple[Effect, ...]:
        """The deciding effects that need more rounds, or have none that may be used."""
        return tuple(change for change in self.deciding if not change.is_decided)

    @property
    def least_known(self) -> Effect | None:
        """The undecided operation with the widest interval; None where all are decided."""
        return max(self.undecided, key=lambda change: change.half_width, default=None)

    @property
    def outcome(self) -> AbOutcome:
        """A regression outweighs what is not known; nothing measured is not known."""
        if self.regressions:
            return "regression"
        return "undecided" if self.undecided or not self.deciding else "clear"

    @property
    def rounds_needed(self) -> int | None:
        """How many rounds in all would decide what is undecided; None where none would, or none
        are needed.
        """
        needed = [change.verdict.rounds_needed for change in self.undecided]
        return max((rounds for rounds in needed if rounds), default=None) if all(needed) else None


def study_of(record: RunRecord) -> AB:
    """The A/B that a run was made for. A run of anything else is a fault of the caller's."""
    study = record.plan.study
    assert isinstance(study, AB)
    return study


def whole_rounds(record: RunRecord) -> int:
    """How many rounds, from the first on, have all their cells."""
    plan = record.plan
    cells = len(plan.targets) * len(plan.workloads)
    done = 0
    while sum(cell.round == done + 1 for cell in record.cells) == cells:
        done += 1
    return done


def is_settled(record: RunRecord) -> bool:
    """Whether more rounds would change nothing: an invalid comparison stays invalid."""
    return all(change.verdict.kind != "inconclusive" for change in answer(record).deciding)


def answer(record: RunRecord) -> Findings:
    """What is known at the latest look; where no look is reached, what is known at all."""
    study, done = study_of(record), whole_rounds(record)
    look = latest_look(done, study.looks)
    seen = record
    if done >= look:
        cells = tuple(cell for cell in record.cells if cell.round <= look)
        seen = replace(record, cells=cells)
    level = level_of(look, study.looks, study.level)
    found = judged(tuple(_questions(seen)), study.threshold, level, same_alone=True)
    changes = tuple(_effect(seen, judgement) for judgement in found)
    return Findings(changes, tuple(_statements(seen)), min(done, look), level)


def _questions(record: RunRecord) -> Iterator[Question]:
    wanted = study_of(record).metrics
    for side in study_of(record).sides:
        if side.is_reference:
            continue
        for workload, phase in phases_of(record):
            before = windows_of(record, side.reference, workload, phase)
            after = windows_of(record, side.name, workload, phase)
            for measure in measures_told(record.plan.pacing):
                if wanted and measure.metric.name not in wanted:
                    continue
                if measure is DATABASE_COST and not _asks_database(before, after):
                    continue
                where = (side.name, workload, phase)
                yield ask(where, measure, (side.name, after), (side.reference, before))


def _effect(record: RunRecord, found: PhaseVerdict) -> Effect:
    side = next(side for side in study_of(record).sides if side.name == found.target)
    # A neighbour that spoils more rounds of the side than of its reference is no fault of it.
    is_at_fault = bool(own_faults(record, found.target, found.workload, found.phase))
    rates = found.comparison.subject_rates, found.comparison.reference_rates
    lost = is_at_fault and _sound(rates[0]) < _sound(rates[1])
    return Effect(**vars(found), side=side, lost=lost)


def _sound(rates: Mapping[int, float | None]) -> float:
    """The share of measured rounds whose figure may be used; 0 where there is none."""
    return len(valid_rounds(rates)) / len(rates) if rates else 0.0


def _asks_database(*sides: Windows) -> bool:
    """Without a statement, the database's CPU time is its own housekeeping."""
    queries = METRICS["queries"]
    return any(queries.value(valid_windows(side)) for side in sides if valid_windows(side))


# --- statements -------------------------------------------------------------------------------


def _statements(record: RunRecord) -> Iterator[StatementChange]:
    for side in study_of(record).sides:
        if side.is_reference:
            continue
        for workload, phase in phases_of(record):
            before = valid_windows(windows_of(record, side.reference, workload, phase))
            after = valid_windows(windows_of(record, side.name, workload, phase))
            yield _compared(side, operation_title(workload, phase), before, after)


def _compared(
    side: Side, title: str, before: Sequence[PhaseResult], after: Sequence[PhaseResult]
) -> StatementChange:
    queries = METRICS["queries"]
    old, new = _counted(before), _counted(after)
    return StatementChange(
        side,
        title,
        queries.value(before) if before else None,
        queries.value(after) if after else None,
        more=_surplus(new, old),
        fewer=_surplus(old, new),
    )


@dataclass(frozen=True)
class _StatementCounts:
    """How often each statement was sent, for so many requests in so many windows."""

    requests: int
    windows: int
    calls: Mapping[str, int]

    def per_request(self, query: str) -> float:
        return self.calls.get(query, 0) / self.requests

    def chance(self, query: str) -> float:
        """The variance of that by chance alone: none where each request sends it equally often."""
        share = self.per_request(query) % 1
        return share * (1 - share) / self.requests


def _counted(windows: Sequence[PhaseResult]) -> _StatementCounts:
    calls: dict[str, int] = {}
    for window in windows:
        for statement in window.queries.statements if window.queries else ():
            calls[statement.query] = calls.get(statement.query, 0) + statement.calls
    return _StatementCounts(sum(window.load.requests for window in windows), len(windows), calls)


def _surplus(mine: _StatementCounts, others: _StatementCounts) -> Mapping[str, float]:
    """What is sent more often here than there, by how much for each request."""
    if not (mine.requests and others.requests):
        return {}
    at_edges = NEW_CONNECTIONS * max(
        statements.windows / statements.requests for statements in (mine, others)
    )
    found = {}
    for query in mine.calls:
        count = mine.per_request(query)
        surplus = count - others.per_request(query)
        by_chance = CERTAIN * sqrt(mine.chance(query) + others.chance(query))
        if surplus > max(SAME_COUNT * max(1.0, count), at_edges, by_chance):
            found[query] = surplus
    return found


# --- for programs -----------------------------------------------------------------------------


def answer_data(record: RunRecord) -> Mapping[str, object]:
    """The answer as plain values for JSON: docs/results-format.md describes it."""
    study, found = study_of(record), answer(record)
    return {
        "run_id": record.run_id,
        "state": record.state,
        "outcome": found.outcome,
        "threshold": study.threshold,
        "rounds": found.rounds,
        "rounds_needed": found.rounds_needed,
        "level": found.level,
        "sides": [asdict(side) for side in study.sides],
        "changes": [_change_data(change) for change in found.changes],
        "statements": [
            {
                "side": statement.side.name,
                "operation": statement.title,
                "before": statement.before,
                "after": statement.after,
                "more": dict(statement.more),
                "fewer": dict(statement.fewer),
            }
            for statement in found.statements
        ],
        "changed_files": record.provenance.get("changed_files", {}),
        "uncommitted_sha256": record.provenance.get("uncommitted_sha256", ""),
    }


def _change_data(change: Effect) -> Mapping[str, object]:
    ratio, verdict = change.ratio, change.verdict
    known = ratio is not None and ratio.n > 1
    return {
        "side": change.side.name,
        "operation": change.title,
        "metric": change.measure.metric.name,
        "unit": change.measure.metric.unit,
        "before": change.before,
        "after": change.after,
        "ratio": ratio.point if ratio else None,
        "ratio_low": ratio.low if known and ratio else None,
        # JSON has no infinity.
        "ratio_high": ratio.high if known and ratio and isfinite(ratio.high) else None,
        "verdict": _word(change),
        "decides": change.is_deciding,
        "is_regression": change.is_regression,
        "rounds_needed": verdict.rounds_needed,
        "reason": verdict.reason,
    }


def _word(change: Effect) -> str:
    """The verdict in the measure's own words."""
    kinds = {"faster": change.measure.better, "slower": change.measure.worse}
    return kinds.get(change.verdict.kind, change.verdict.kind)
