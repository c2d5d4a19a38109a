"""Two stored runs set against each other: did the later one get slower or dearer?

Their rounds share nothing but numbers, so the comparison is unpaired, and whatever the machine
did between the runs counts as a difference. The database's CPU time per request stands beside
each row as a witness: the same statements should cost the same on a machine that has not changed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import geometric_mean

from bench.analysis.differences import Difference, differences, require_comparable
from bench.analysis.judging import PhaseVerdict, Question, ask, judged
from bench.analysis.measures import GENERATOR_BOUND, lacking, measures_of
from bench.analysis.validity import own_faults, phases_of, valid_windows, windows_of
from bench.errors import UsageError
from bench.metrics import METRICS
from bench.model import RunRecord
from bench.stats.ratio import RatesByRound, valid_rounds

_HEAD, _BASE = "head", "base"

_NOT_MEASURED = "not measured in head"

DRIFT = 0.05
"""A database whose CPU time per request changed by more than this says: the machine changed."""

_SAME_QUERIES = 0.01
"""How far statements per request may differ for the database to be a witness."""

DatabaseUse = tuple[float | None, float | None]
"""Per request: the statements, and the database's CPU time. None or 0 where it was not asked."""


@dataclass(frozen=True)
class ComparisonRow(PhaseVerdict):
    """One target under one phase, judged by one measure: head against base.

    `lost` says that the head has no valid figure, or fewer of them, where the base has one, by its
    own fault or for want of a measurement: a noisy neighbour breaks nothing.
    """

    lost: bool

    @property
    def witness(self) -> float | None:
        """head / base of the database's CPU time per request; None where it says nothing."""
        return witness(*(_database_use(self, side) for side in (_BASE, _HEAD)))

    @property
    def is_regression(self) -> bool:
        """Whether the head is slower or dearer, beyond the threshold and beyond chance."""
        return self.verdict.kind == "slower"


@dataclass(frozen=True)
class RunComparison:
    """All that two runs say about each other."""

    base: RunRecord
    head: RunRecord
    threshold: float
    rows: tuple[ComparisonRow, ...]
    differences: tuple[Difference, ...]

    @property
    def regressions(self) -> tuple[ComparisonRow, ...]:
        """Rows that are slower or dearer beyond the threshold."""
        return tuple(row for row in self.rows if row.is_regression)

    @property
    def lost(self) -> tuple[ComparisonRow, ...]:
        """Rows in which the head is broken, or was not measured, and the base was not so."""
        return tuple(row for row in self.rows if row.lost)

    @property
    def inconclusive(self) -> tuple[ComparisonRow, ...]:
        """Rows with too few rounds: no regression was found, nor was it ruled out."""
        return tuple(row for row in self.rows if row.verdict.kind == "inconclusive")

    @property
    def void(self) -> tuple[ComparisonRow, ...]:
        """Rows that say nothing: the base's own windows are invalid, or the machine spoilt some."""
        return tuple(row for row in self.rows if row.verdict.kind == "invalid" and not row.lost)

    @property
    def fails(self) -> bool:
        """Whether a gate must not let the head pass."""
        return bool(self.regressions or self.lost) or len(self.void) == len(self.rows)

    @property
    def witnesses(self) -> tuple[float, ...]:
        """head / base of the database's CPU time per request, where it is a witness."""
        found = {(row.target, row.workload, row.phase): row.witness for row in self.rows}
        return tuple(ratio for ratio in found.values() if ratio is not None)

    @property
    def machine_drifted(self) -> bool:
        """Whether some witness says that the machine itself has changed."""
        return any(map(drifted, self.witnesses))

    @property
    def blocking(self) -> tuple[Difference, ...]:
        """The differences between the runs that forbid a comparison; only FORCE=1 leaves any."""
        return tuple(difference for difference in self.differences if difference.blocking)


def compare_runs(
    base: RunRecord,
    head: RunRecord,
    threshold: float = 0.02,
    *,
    force: bool = False,
    targets: Sequence[str] = (),
    workloads: Sequence[str] = (),
) -> RunComparison:
    """Compare what the base has measured, of these `targets` and `workloads`, or of all.

    All rows are one family.

    Raises UsageError when they are one run, when they differ in something that forbids it (unless
    `force`), when one of them is no bench, when they have nothing in common, when `threshold` is
    no share between 0 and 1, or when a target or workload is not the base's.
    """
    _require_share(threshold)
    if base.run_id == head.run_id:
        raise UsageError(
            f"BASE and HEAD are one run, {base.run_id}: it cannot differ from itself",
            "Name two runs; the folders in results/ have their names.",
        )
    require_comparable((base, head), "compare benches")
    narrowed = _narrowed(base, targets, workloads)
    found = differences(base, head)
    blocking = [difference for difference in found if difference.blocking]
    if blocking and not force:
        raise UsageError(
            "these runs cannot be compared: " + "; ".join(map(str, blocking)),
            "Measure both under the same conditions, or insist: FORCE=1.",
        )
    asked = list(_questions(narrowed, head))
    if not any(question.sides[_HEAD] for question in asked):
        raise UsageError(
            f"runs {base.run_id} and {head.run_id} have measured nothing in common",
            "Choose runs with a common framework and workload.",
        )
    rows = tuple(_row(head, judgement) for judgement in judged(asked, threshold))
    return RunComparison(base, head, threshold, rows, found)


def _require_share(threshold: float) -> None:
    if not 0 < threshold < 1:
        raise UsageError(
            f"THRESHOLD={threshold:g} is no share between 0 and 1", "E.g. 0.05 for 5 %."
        )


def _narrowed(base: RunRecord, targets: Sequence[str], workloads: Sequence[str]) -> RunRecord:
    """The base as if no more had been asked of it than is asked now."""
    plan = replace(
        base.plan,
        targets=_chosen(base, base.plan.targets, targets),
        workloads=_chosen(base, base.plan.workloads, workloads),
    )
    return replace(base, plan=plan)


def _chosen(base: RunRecord, known: Sequence[str], wanted: Sequence[str]) -> tuple[str, ...]:
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise UsageError(
            f"the base, run {base.run_id}, has not measured {', '.join(unknown)}",
            f"It has measured: {', '.join(known)}.",
        )
    return tuple(name for name in known if not wanted or name in wanted)


def _questions(base: RunRecord, head: RunRecord) -> Iterator[Question]:
    """All that the base has: what the head has not is a row, too, and no gap."""
    for workload, phase in phases_of(base):
        for target in base.plan.targets:
            before = windows_of(base, target, workload, phase)
            after = windows_of(head, target, workload, phase)
            for measure in measures_of(base.plan) if before else ():
                where = (target, workload, phase)
                yield ask(where, measure, (_HEAD, after), (_BASE, before), paired=False)


def _row(head: RunRecord, found: PhaseVerdict) -> ComparisonRow:
    row = ComparisonRow(**vars(found), lost=_is_lost(head, found))
    if not row.lost or row.comparison.subject_rates:
        return row
    # Where the head has no figure, not its want of rounds is what is told.
    reason = lacking(row.sides[_HEAD], row.measure) or _NOT_MEASURED
    return replace(row, verdict=replace(row.verdict, kind="invalid", reason=reason))


def _is_lost(head: RunRecord, found: PhaseVerdict) -> bool:
    comparison, after = found.comparison, found.sides[_HEAD]
    if _soundness(comparison.subject_rates) >= _soundness(comparison.reference_rates):
        return False
    return (
        not after
        # The head's figures are the generator's own, or rest on too few requests.
        or GENERATOR_BOUND in comparison.causes
        or bool(lacking(after, found.measure))
        or bool(own_faults(head, found.target, found.workload, found.phase))
    )


def _soundness(rates: RatesByRound) -> int:
    """2 when every figure may be used, 1 when some may, 0 when none may or there is none."""
    usable = valid_rounds(rates)
    return 2 if usable and len(usable) == len(rates) else 1 if usable else 0


def _database_use(row: ComparisonRow, side: str) -> list[DatabaseUse]:
    windows = valid_windows(row.sides[side])
    queries, cost = METRICS["queries"], METRICS["database_cost"]
    return [(queries.value(windows), cost.value(windows))] if windows else []


def witness(before: Sequence[DatabaseUse], after: Sequence[DatabaseUse]) -> float | None:
    """after / before of the database's cost, as geometric means; None where it was not asked, or
    not the same throughout.
    """
    asked = [queries for queries, _ in (*before, *after) if queries]
    old, new = ([us for queries, us in uses if queries and us] for uses in (before, after))
    if not old or not new or max(asked) / min(asked) - 1 > _SAME_QUERIES:
        return None
    return geometric_mean(new) / geometric_mean(old)


def drifted(ratio: float | None) -> bool:
    """Whether a witness has changed by more than `DRIFT`, either way."""
    return ratio is not None and max(ratio, 1 / ratio) > 1 + DRIFT
