"""Two stored runs set against each other: did the later one get slower or dearer?

Their rounds share nothing but numbers, so the comparison is unpaired, and whatever the machine
did between the runs counts as a difference. The database's CPU time per request stands beside
each row as a witness: the same statements should cost the same on a machine that has not changed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bench.analysis.differences import Difference, differences, require_comparable
from bench.analysis.measures import (
    GENERATOR_BOUND,
    Measure,
    cause_of,
    lacking,
    limits_elsewhere,
    measures_of,
    speeds_of,
)
from bench.analysis.series import operation_title
from bench.analysis.validity import Windows, own_faults, phases_of, windows_of
from bench.errors import UsageError
from bench.metrics import METRICS
from bench.model import Estimate, PhaseResult, RunRecord, Verdict
from bench.stats.ratio import RatesByRound, valid_rounds
from bench.stats.verdict import Comparison, judge

_NOT_MEASURED = "not measured in head"

DRIFT = 0.05
"""A database whose CPU time per request changed by more than this says: the machine changed."""

_SAME_QUERIES = 0.01
"""How far statements per request may differ for the database to be a witness."""


@dataclass(frozen=True)
class ComparisonRow:
    """One target under one phase, judged by one measure.

    The verdict is head against base, of speeds. `base` and `head` are the measure's own figures.
    `witness` is head / base of the database's CPU time per request, None where it says nothing.
    `lost` says that the head has no valid figure, or fewer of them, where the base has one, by its
    own fault or for want of a measurement: a noisy neighbour breaks nothing.
    `elsewhere` names what limited a side, where that was not the app's core.
    """

    target: str
    workload: str
    phase: str
    measure: Measure
    verdict: Verdict
    base: float | None
    head: float | None
    witness: float | None
    lost: bool = False
    elsewhere: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The operation, with its workload where that has several phases."""
        return operation_title(self.workload, self.phase)

    @property
    def ratio(self) -> Estimate | None:
        """head / base of the measure itself, not of its speed."""
        return None if self.verdict.ratio is None else self.measure.shown(self.verdict.ratio)

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
    asked = list(_open_rows(narrowed, head))
    if not any(row.measured for row in asked):
        raise UsageError(
            f"runs {base.run_id} and {head.run_id} have measured nothing in common",
            "Choose runs with a common framework and workload.",
        )
    rows = _judged(asked, threshold)
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


@dataclass(frozen=True)
class _Open:
    """A row before its verdict. `missing` says why the head has no figure at all; else ""."""

    row: ComparisonRow
    comparison: Comparison
    measured: bool
    missing: str


def _open_rows(base: RunRecord, head: RunRecord) -> Iterator[_Open]:
    """All that the base has: what the head has not is a row, too, and no gap."""
    for workload, phase in phases_of(base):
        for target in base.plan.targets:
            before = windows_of(base, target, workload, phase)
            after = windows_of(head, target, workload, phase)
            if before:
                for measure in measures_of(base.plan):
                    faults = own_faults(head, target, workload, phase)
                    yield _open(target, workload, phase, measure, before, after, faults)


def _open(
    target: str,
    workload: str,
    phase: str,
    measure: Measure,
    before: Windows,
    after: Windows,
    faults: Sequence[str],
) -> _Open:
    comparison = Comparison(
        subject="head",
        reference="base",
        subject_rates=speeds_of(after, measure),
        reference_rates=speeds_of(before, measure),
        lacking=lacking(after, measure) or lacking(before, measure),
        paired=False,
        cause=cause_of(measure, after, before),
    )
    old, new = _valid(before), _valid(after)
    # The verdict is put in once the whole family is known.
    pending = Verdict("inconclusive", "head", "base", None, 0.0)
    row = ComparisonRow(
        target,
        workload,
        phase,
        measure,
        pending,
        measure.metric.value(old) if old else None,
        measure.metric.value(new) if new else None,
        _witness(old, new),
        _soundness(comparison.subject_rates) < _soundness(comparison.reference_rates)
        and bool(faults or not after or _wanting(comparison, after, measure)),
        limits_elsewhere(measure, {"head": after, "base": before}),
    )
    why = lacking(after, measure) or _NOT_MEASURED
    missing = "" if comparison.subject_rates else why
    return _Open(row, comparison, bool(after), missing)


def _wanting(comparison: Comparison, after: Windows, measure: Measure) -> bool:
    """Whether the head's figures are the generator's own, or rest on too few requests."""
    return GENERATOR_BOUND in comparison.cause or bool(lacking(after, measure))


def _soundness(rates: RatesByRound) -> int:
    """2 when every figure may be used, 1 when some may, 0 when none may or there is none."""
    usable = valid_rounds(rates)
    return 2 if usable and len(usable) == len(rates) else 1 if usable else 0


def _valid(windows: Windows) -> list[PhaseResult]:
    return [window for window in windows.values() if window is not None]


def _witness(before: Sequence[PhaseResult], after: Sequence[PhaseResult]) -> float | None:
    """The change of the database's cost, where it was asked the same in both runs."""
    if not before or not after:
        return None
    queries, cost = METRICS["queries"], METRICS["database_cost"]
    asked, asks = queries.value(before), queries.value(after)
    if not asked or not asks or abs(asks / asked - 1) > _SAME_QUERIES:
        return None
    old, new = cost.value(before), cost.value(after)
    return new / old if old and new else None


def _judged(found: Sequence[_Open], threshold: float) -> tuple[ComparisonRow, ...]:
    verdicts = judge([pending.comparison for pending in found], threshold)
    return tuple(
        replace(pending.row, verdict=_told(pending, verdict))
        for pending, verdict in zip(found, verdicts, strict=True)
    )


def _told(pending: _Open, verdict: Verdict) -> Verdict:
    """The verdict; where the head has no figure, not its want of rounds is what is told."""
    if not pending.missing or not pending.row.lost:
        return verdict
    return replace(verdict, kind="invalid", reason=pending.missing)


def drifted(ratio: float | None) -> bool:
    """Whether a witness has changed by more than `DRIFT`, either way."""
    return ratio is not None and max(ratio, 1 / ratio) > 1 + DRIFT
