"""Every target against every other, operation by operation."""

from collections.abc import Sequence

from bench.analysis.measures import Measure, inverse, measures_of
from bench.analysis.stored import StoredRun
from bench.analysis.verdicts import PhaseVerdict, verdicts
from bench.report.html.document import Block, Matrices, Matrix, Opinion, Section, Sheet
from bench.report.verdicts import rounds_words, verdict_tables
from bench.words import p_words, plain, ratio_end

_MIRROR = {"faster": "slower", "slower": "faster"}


def verdict_matrix(run: StoredRun) -> Section | None:
    """A matrix per operation. None with a single target, and for a study."""
    record = run.record
    if not run.series or len(record.plan.targets) < 2:
        return None
    found = verdicts(record)
    blocks: list[Block] = []
    for measure, table in zip(measures_of(record.plan.pacing), verdict_tables(record), strict=True):
        mine = [one for one in found if one.measure == measure]
        caption = f"By {measure.title}. Each row against each column. {table.caption}"
        blocks.append(Matrices(_matrices(run, mine, measure), caption))
        blocks.append(Sheet(table, folded=True))
    lead = "A difference counts when its whole interval lies beyond the threshold, and not before."
    return Section("verdicts", "Verdicts", tuple(blocks), lead)


def _matrices(
    run: StoredRun, found: Sequence[PhaseVerdict], measure: Measure
) -> tuple[Matrix, ...]:
    targets = run.record.plan.targets
    return tuple(
        _matrix(title, [one for one in found if one.title == title], targets, measure)
        for title in dict.fromkeys(one.title for one in run.series)
    )


def _matrix(
    title: str, found: Sequence[PhaseVerdict], targets: tuple[str, ...], measure: Measure
) -> Matrix:
    by_pair = {(one.verdict.subject, one.verdict.reference): one for one in found}
    return Matrix(
        title,
        targets,
        tuple(
            tuple(_field(by_pair, row, column, measure) for column in targets) for row in targets
        ),
    )


def _field(
    by_pair: dict[tuple[str, str], PhaseVerdict], row: str, column: str, measure: Measure
) -> Opinion | None:
    if straight := by_pair.get((row, column)):
        return _opinion(straight, measure, mirrored=False)
    if turned := by_pair.get((column, row)):
        return _opinion(turned, measure, mirrored=True)
    return None


def _opinion(one: PhaseVerdict, measure: Measure, *, mirrored: bool) -> Opinion:
    """The verdict from the row's side; swapping two targets turns it into its mirror image."""
    verdict = one.verdict
    kind = _MIRROR.get(verdict.kind, verdict.kind) if mirrored else verdict.kind
    words = {"faster": measure.better, "slower": measure.worse}.get(kind, kind)
    detail = [verdict.reason] if verdict.reason else []
    if one.elsewhere and kind != "invalid":
        words += " *"
        limits = "; ".join(f"{name}: {limit}" for name, limit in one.elsewhere.items())
        detail.append(f"limited by: {limits}")
    detail.append(f"p (Holm): {p_words(verdict.p_value)}")
    if kind == "inconclusive":
        needed = "rounds needed" if verdict.rounds_help else "needed"
        detail.append(f"{needed}: {rounds_words(verdict)}")
    if verdict.ratio is None:
        return Opinion("–", "", kind, words, "; ".join(detail))
    ratio = measure.shown(verdict.ratio)
    ratio = inverse(ratio) if mirrored else ratio
    interval = f"{ratio_end(ratio.low)} to {ratio_end(ratio.high)}" if ratio.n > 1 else "one round"
    return Opinion(f"{plain(ratio.point)} ×", interval, kind, words, "; ".join(detail))
