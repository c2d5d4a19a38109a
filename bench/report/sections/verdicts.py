"""Every target against every other, operation by operation."""

from collections.abc import Mapping, Sequence

from bench import histogram
from bench.analysis.judging import PhaseVerdict
from bench.analysis.measures import Measure, inverse, measures_of
from bench.analysis.stored import StoredRun
from bench.analysis.verdicts import verdicts
from bench.metrics import METRICS
from bench.model import RunRecord, Verdict, VerdictKind
from bench.report.document import Block, Matrices, Matrix, Opinion, Prose, Section, Sheet, Table
from bench.report.facts import held_words
from bench.report.words import (
    ELSEWHERE,
    better_or_worse,
    family_words,
    rounds_words,
    verdict_words,
)
from bench.stats.verdict import THRESHOLD
from bench.words import NO_FIGURE, interval_end_words, p_words, plain, ratio_end

_MIRROR: dict[VerdictKind, VerdictKind] = {"faster": "slower", "slower": "faster"}


_MOST_IN_ONE_MATRIX = 4


def verdict_matrix(run: StoredRun) -> Section | None:
    """A matrix per operation. None with a single target, and for a study.

    Many targets of several modes have one per mode, and what is compared across modes is a table.
    """
    record = run.record
    if not record.plan.design.is_comparable or not run.series or len(record.plan.targets) < 2:
        return None
    found, groups = verdicts(record), _groups(record)
    blocks: list[Block] = [Prose(held)] if (held := held_words(record)) else []
    for measure, table in zip(measures_of(record.plan), verdict_tables(record), strict=True):
        mine = [comparison for comparison in found if comparison.measure == measure]
        caption = f"Each row against each column. {table.caption}"
        matrices = _matrices(run, mine, groups, measure)
        blocks.append(Matrices(f"By {measure.title}", matrices, caption))
        if across := [comparison for comparison in mine if not _shares_group(comparison, groups)]:
            blocks.append(Sheet(_across_modes(across, measure), extent="page"))
        blocks.append(Sheet(table, folded=True))
    lead = "A difference counts when its whole interval lies beyond the threshold, and not before."
    return Section("verdicts", "Verdicts", tuple(blocks), lead)


Groups = Mapping[str, tuple[str, ...]]
"""The targets that share a matrix, by what stands in its title beside the operation."""


def _groups(record: RunRecord) -> Groups:
    """All targets where they are few or of one mode, else those of each mode that has several."""
    names = record.plan.targets
    by_mode: dict[str, tuple[str, ...]] = {}
    for name in names:
        mode = record.target(name).mode
        by_mode[mode] = (*by_mode.get(mode, ()), name)
    if len(names) <= _MOST_IN_ONE_MATRIX or len(by_mode) == 1:
        return {"": names}
    return {f", {mode}": group for mode, group in by_mode.items() if len(group) > 1}


def _shares_group(found: PhaseVerdict, groups: Groups) -> bool:
    pair = {found.verdict.subject, found.verdict.reference}
    return any(pair <= set(group) for group in groups.values())


def _across_modes(found: Sequence[PhaseVerdict], measure: Measure) -> Table:
    """What no matrix has: a framework's modes, and what `service.toml` names."""
    return Table(
        title=f"Across modes: {measure.title}",
        columns=("operation", "comparison", "verdict"),
        rows=tuple(_row(comparison, measure)[:3] for comparison in found),
        numeric=(False, False, False),
    )


def _matrices(
    run: StoredRun, found: Sequence[PhaseVerdict], groups: Groups, measure: Measure
) -> tuple[Matrix, ...]:
    return tuple(
        _matrix(f"{title}{which}", by_pair, targets, measure)
        for title in dict.fromkeys(series.title for series in run.series)
        for by_pair in [
            {
                (comparison.verdict.subject, comparison.verdict.reference): comparison
                for comparison in found
                if comparison.title == title
            }
        ]
        for which, targets in groups.items()
    )


def _matrix(
    title: str,
    by_pair: Mapping[tuple[str, str], PhaseVerdict],
    targets: tuple[str, ...],
    measure: Measure,
) -> Matrix:
    return Matrix(
        title,
        targets,
        tuple(
            tuple(_field(by_pair, row, column, measure) for column in targets) for row in targets
        ),
    )


def _field(
    by_pair: Mapping[tuple[str, str], PhaseVerdict], row: str, column: str, measure: Measure
) -> Opinion | None:
    if straight := by_pair.get((row, column)):
        return _opinion(straight, measure, mirrored=False)
    if turned := by_pair.get((column, row)):
        return _opinion(turned, measure, mirrored=True)
    return None


def _opinion(found: PhaseVerdict, measure: Measure, *, mirrored: bool) -> Opinion:
    """The verdict from the row's side; swapping two targets turns it into its mirror image."""
    verdict = found.verdict
    kind = _MIRROR.get(verdict.kind, verdict.kind) if mirrored else verdict.kind
    words = better_or_worse(kind, measure)
    detail = [verdict.reason] if verdict.reason else []
    if found.elsewhere and kind != "invalid":
        words += " *"
        limits = "; ".join(f"{name}: {limit}" for name, limit in found.elsewhere.items())
        detail.append(f"limited by: {limits}")
    detail.append(f"p (Holm): {p_words(verdict.p_value)}")
    if kind == "inconclusive":
        needed = "rounds needed" if verdict.rounds_help else "needed"
        detail.append(f"{needed}: {rounds_words(verdict)}")
    if verdict.ratio is None:
        return Opinion(NO_FIGURE, "", kind, words, "; ".join(detail))
    ratio = measure.shown(verdict.ratio)
    ratio = inverse(ratio) if mirrored else ratio
    interval = f"{ratio_end(ratio.low)} to {ratio_end(ratio.high)}" if ratio.n > 1 else "one round"
    return Opinion(f"{plain(ratio.point)} ×", interval, kind, words, "; ".join(detail))


# --- as tables --------------------------------------------------------------------------------


def verdict_tables(record: RunRecord) -> tuple[Table, ...]:
    """The verdicts in words, a table for each measure. None without a second target."""
    found = verdicts(record)
    tables = (
        _verdict_table(
            [comparison for comparison in found if comparison.measure == measure], measure
        )
        for measure in measures_of(record.plan)
    )
    return tuple(table for table in tables if table.rows)


def _verdict_table(found: Sequence[PhaseVerdict], measure: Measure) -> Table:
    return Table(
        title=f"Verdicts: {measure.title}",
        columns=("operation", "comparison", "verdict", "p (Holm)", "rounds needed"),
        rows=tuple(_row(comparison, measure) for comparison in found),
        numeric=(False, False, False, True, True),
        caption=_caption(found, measure),
    )


def _row(found: PhaseVerdict, measure: Measure) -> tuple[str, ...]:
    verdict = found.verdict
    return (
        found.title,
        comparison_words(verdict, measure),
        verdict_words(verdict, measure, found.elsewhere),
        p_words(verdict.p_value),
        rounds_words(verdict),
    )


def comparison_words(verdict: Verdict, measure: Measure) -> str:
    """E.g. "fastapi is 1.62 x flask [1.55, 1.70]"."""
    subject, reference = verdict.subject, verdict.reference
    if verdict.ratio is None:
        return f"{subject} against {reference}"
    ratio = measure.shown(verdict.ratio)
    interval = interval_end_words(ratio) or "(one round)"
    return f"{subject} is {plain(ratio.point)} x {reference} {interval}"


def _caption(found: Sequence[PhaseVerdict], measure: Measure) -> str:
    parts = [
        f"Ratios of {measure.title}, paired within rounds, each with the interval of its step in "
        f"Holm's method. Beyond {THRESHOLD:.0%} as a whole: {measure.better} or {measure.worse}; "
        f"within it: indistinguishable. {family_words()}"
    ]
    if measure.metric is METRICS["p99"]:
        needed = histogram.samples_needed(99)
        parts.append(f"Less is faster; windows under {needed:,} requests have no p99.")
    if any(comparison.elsewhere and comparison.verdict.kind != "invalid" for comparison in found):
        parts.append(ELSEWHERE)
    if any(comparison.verdict.left_out for comparison in found):
        parts.append("Cells of rounds that are not finished have no partner and are left out.")
    return " ".join(parts)
