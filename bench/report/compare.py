"""Two stored runs set against each other: did the later one get slower or dearer?

Their rounds share nothing but numbers, so the comparison is unpaired, and whatever the machine
did between the runs counts as a difference. The database's CPU time per request stands beside
each row as a witness: the same statements should cost the same on a machine that has not changed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from bench.errors import UsageError
from bench.metrics import METRICS
from bench.model import Estimate, LabWarning, PhaseResult, RunRecord, Verdict
from bench.report.differences import Difference, differences
from bench.report.measures import (
    NO_FIGURE,
    Measure,
    Windows,
    cause_of,
    elsewhere_words,
    lacking,
    measures_of,
    phases_of,
    plain,
    speeds_of,
    windows_of,
)
from bench.report.warnings import collect_warnings
from bench.stats.ratio import RatesByRound, valid_rounds
from bench.stats.verdict import Comparison, judge

_NOT_MEASURED = "not measured in head"

DRIFT = 0.05
"""A database whose CPU time per request changed by more than this says: the machine changed."""

_SAME_QUERIES = 0.01
"""How far statements per request may differ for the database to be a witness."""


@dataclass(frozen=True)
class Row:
    """One target under one phase, judged by one measure.

    The verdict is head against base, of speeds. `base` and `head` are the measure's own figures.
    `witness` is head / base of the database's CPU time per request, None where it says nothing.
    `lost` says that the head has no valid figure, or fewer of them, where the base has one.
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
    elsewhere: str = ""

    @property
    def title(self) -> str:
        return self.workload if self.workload == self.phase else f"{self.workload}: {self.phase}"

    @property
    def ratio(self) -> Estimate | None:
        """head / base of the measure itself, not of its speed."""
        return None if self.verdict.ratio is None else self.measure.shown(self.verdict.ratio)

    @property
    def is_regression(self) -> bool:
        return self.verdict.kind == "slower"

    def __str__(self) -> str:
        change = f"{plain(self.ratio.point)} x" if self.ratio else NO_FIGURE
        return f"{self.target} {self.title}: {self.measure.worse} ({self.measure.title} {change})"


@dataclass(frozen=True)
class RunComparison:
    """All that two runs say about each other. `notes` say what weakens it."""

    base: str
    head: str
    threshold: float
    level: float
    rows: tuple[Row, ...]
    differences: tuple[Difference, ...]
    notes: tuple[str, ...]

    @property
    def regressions(self) -> tuple[Row, ...]:
        """Rows that are slower or dearer beyond the threshold."""
        return tuple(row for row in self.rows if row.is_regression)

    @property
    def lost(self) -> tuple[Row, ...]:
        """Rows in which the head is broken, or was not measured, and the base was not so."""
        return tuple(row for row in self.rows if row.lost)

    @property
    def inconclusive(self) -> tuple[Row, ...]:
        """Rows with too few rounds: no regression was found, nor was it ruled out."""
        return tuple(row for row in self.rows if row.verdict.kind == "inconclusive")

    @property
    def void(self) -> tuple[Row, ...]:
        """Rows that the base's own invalid windows keep from saying anything."""
        return tuple(row for row in self.rows if row.verdict.kind == "invalid" and not row.lost)

    @property
    def fails(self) -> bool:
        """Whether a gate must not let the head pass."""
        return bool(self.regressions or self.lost) or len(self.void) == len(self.rows)

    @property
    def drift(self) -> LabWarning | None:
        """The doubt that the machine itself has changed, where the witness betrays it."""
        if not any(drifted(row.witness) for row in self.rows):
            return None
        remedy = "Measure both again, one after the other, on a quiet machine."
        return LabWarning("machine-drift", self.notes[0], remedy)

    @property
    def blocking(self) -> tuple[Difference, ...]:
        return tuple(one for one in self.differences if one.blocking)


def compare_runs(
    base: RunRecord,
    head: RunRecord,
    threshold: float = 0.02,
    level: float = 0.95,
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
    _require_benches(base, head)
    narrowed = _narrowed(base, targets, workloads)
    found = differences(base, head)
    blocking = [one for one in found if one.blocking]
    if blocking and not force:
        raise UsageError(
            "these runs cannot be compared: " + "; ".join(map(str, blocking)),
            "Measure both under the same conditions, or insist: FORCE=1.",
        )
    asked = list(_open_rows(narrowed, head))
    if not any(one.measured for one in asked):
        raise UsageError(
            f"runs {base.run_id} and {head.run_id} have measured nothing in common",
            "Choose runs with a common framework and workload.",
        )
    rows = _judged(asked, threshold, level)
    notes = tuple(_notes(base, head, rows))
    return RunComparison(base.run_id, head.run_id, threshold, level, rows, found, notes)


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


def _require_benches(*records: RunRecord) -> None:
    for record in records:
        study = record.plan.study
        if study is not None:
            raise UsageError(
                f"run {record.run_id} is a {study.kind}, not a bench",
                "Its figures belong to single rates or concurrencies: compare benches.",
            )


@dataclass(frozen=True)
class _Open:
    """A row before its verdict. `missing` says why the head has no figure at all; else ""."""

    row: Row
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
                for measure in measures_of(base.plan.pacing):
                    yield _open(target, workload, phase, measure, before, after)


def _open(
    target: str, workload: str, phase: str, measure: Measure, before: Windows, after: Windows
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
    row = Row(
        target,
        workload,
        phase,
        measure,
        pending,
        measure.metric.value(old) if old else None,
        measure.metric.value(new) if new else None,
        _witness(old, new),
        _soundness(comparison.subject_rates) < _soundness(comparison.reference_rates),
        elsewhere_words(measure, {"head": after, "base": before}),
    )
    why = lacking(after, measure) or _NOT_MEASURED
    missing = "" if comparison.subject_rates else why
    return _Open(row, comparison, bool(after), missing)


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


def _judged(found: Sequence[_Open], threshold: float, level: float) -> tuple[Row, ...]:
    verdicts = judge([one.comparison for one in found], threshold, level)
    return tuple(
        replace(one.row, verdict=_told(one, verdict))
        for one, verdict in zip(found, verdicts, strict=True)
    )


def _told(one: _Open, verdict: Verdict) -> Verdict:
    """The verdict; where the head has no figure, not its want of rounds is what is told."""
    if not one.missing or not one.row.lost:
        return verdict
    return replace(verdict, kind="invalid", reason=one.missing)


# --- what weakens it --------------------------------------------------------------------------


def _notes(base: RunRecord, head: RunRecord, rows: Sequence[Row]) -> Iterator[str]:
    yield _weakness(rows)
    forced = [one for one in differences(base, head) if one.blocking]
    if forced:
        yield "FORCED: these runs differ in what makes figures comparable, see the differences."
    if not _contract(base) or not _contract(head):
        yield "The contract's fingerprint was not recorded in both runs; it may have changed."
    for name, record in (("base", base), ("head", head)):
        yield from _own_notes(name, record)
    yield from _only_in_head("target", base.plan.targets, head.plan.targets)
    yield from _only_in_head("workload", base.plan.workloads, head.plan.workloads)


def _weakness(rows: Sequence[Row]) -> str:
    """The one line that must stand beside every comparison across time."""
    witnesses = {(row.target, row.workload, row.phase): row.witness for row in rows}
    known = [ratio for ratio in witnesses.values() if ratio is not None]
    weak = "Two runs at different times are weaker evidence than rounds of one run: drift of the "
    weak += "machine counts as a difference. "
    if not known:
        return weak + "There is no witness: no database was asked the same in both runs."
    told = f"The witness, database CPU per request, is head/base {plain(min(known))}"
    told += "" if len(known) == 1 else f" to {plain(max(known))}"
    changed = any(drifted(ratio) for ratio in known)
    return weak + told + (": THE MACHINE HAS CHANGED." if changed else ": no sign of drift.")


def drifted(ratio: float | None) -> bool:
    return ratio is not None and max(ratio, 1 / ratio) > 1 + DRIFT


def _contract(record: RunRecord) -> object:
    source = record.provenance.get("source")
    return source.get("openapi_sha256") if isinstance(source, Mapping) else None


def _own_notes(name: str, record: RunRecord) -> Iterator[str]:
    if record.state != "complete":
        yield f"{name} ({record.run_id}) is {record.state}, not complete."
    rounds = len({cell.round for cell in record.cells})
    if rounds == 1:
        yield f"{name} ({record.run_id}) has a single round: it takes 2 to know any spread."
    source = record.provenance.get("source")
    dirty = source.get("git_dirty") if isinstance(source, Mapping) else None
    if dirty:
        yield f"{name} ({record.run_id}) was measured with uncommitted changes."
    elif dirty is None:
        yield f"{name} ({record.run_id}): whether it had uncommitted changes is not known."
    if raised := _doubts_of(record):
        yield f"{name} ({record.run_id}) raised doubts: {raised}. Its own report has the remedies."


def _doubts_of(record: RunRecord) -> str:
    """E.g. "errors (invalid), clock-drift 3 times"; "" for a run without doubts. Notes are none."""
    counts: dict[tuple[str, str], int] = {}
    for warning, count in collect_warnings(record):
        key = (warning.code, warning.severity)
        counts[key] = counts.get(key, 0) + count
    return ", ".join(
        code
        + (f" {count} times" if count > 1 else "")
        + (" (invalid)" if severity == "invalid" else "")
        for (code, severity), count in counts.items()
        if severity != "note"
    )


def _only_in_head(what: str, base: Sequence[str], head: Sequence[str]) -> Iterator[str]:
    """What the base lacks is nothing to compare with. What the head lacks has rows of its own."""
    if missing := sorted(set(head) - set(base)):
        yield f"Missing in base, and not compared: {what} {', '.join(missing)}."
