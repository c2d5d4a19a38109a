"""A comparison of two runs as tables and sentences, for every form that it is shown in."""

from collections.abc import Iterator

from bench.report.compare import DRIFT, Row, RunComparison, drifted
from bench.report.measures import (
    ELSEWHERE,
    NO_FIGURE,
    interval_words,
    p_words,
    plain,
    rounds_words,
    verdict_words,
)
from bench.report.page import Page
from bench.report.tables import Table
from bench.report.verdicts import family_words


def comparison_table(found: RunComparison) -> Table:
    """A row per target, phase and measure: both figures, the ratio, the verdict, the witness."""
    return Table(
        title="Comparison",
        columns=(
            *("operation", "framework", "measure", "base", "head", "head / base"),
            *("verdict", "p (Holm)", "rounds", "witness"),
        ),
        rows=tuple(map(_row_words, found.rows)),
        numeric=(False, False, False, True, True, True, False, True, True, True),
        caption=_caption(found),
    )


def _caption(found: RunComparison) -> str:
    told = (
        f"Head / base, unpaired, each with the interval of its step in Holm's method. Beyond "
        f"{found.threshold:.0%} as a whole: a verdict. {family_words(found.level)} CPU in us, "
        f"latency in ms. Rounds: needed of each run. Witness: head / base of the database's CPU "
        f"per request; ! beyond {DRIFT:.0%}, {NO_FIGURE} where it was not asked the same."
    )
    marked = any(row.elsewhere and row.verdict.kind != "invalid" for row in found.rows)
    return f"{told} {ELSEWHERE}" if marked else told


def _row_words(row: Row) -> tuple[str, ...]:
    metric, verdict = row.measure.metric, row.verdict
    return (
        row.title,
        row.target,
        row.measure.title,
        metric.format(row.base),
        metric.format(row.head),
        interval_words(row.ratio) if row.ratio else NO_FIGURE,
        verdict_words(verdict, row.measure, row.elsewhere),
        p_words(verdict.p_value),
        rounds_words(verdict),
        _witness_words(row.witness),
    )


def _witness_words(ratio: float | None) -> str:
    if ratio is None:
        return NO_FIGURE
    return f"{'! ' if drifted(ratio) else ''}{plain(ratio)}"


def differences_table(found: RunComparison) -> Table:
    """What differs between the runs; what forbids comparing them is marked."""
    return Table(
        title="Differences",
        columns=("what", "base", "head", "comparable"),
        rows=tuple(
            (one.name, _short(one.base), _short(one.head), "no" if one.blocking else "yes")
            for one in found.differences
        ),
        numeric=(False,) * 4,
        caption="" if found.differences else "The runs were made under the same conditions.",
    )


def _short(value: str) -> str:
    return value if len(value) <= 40 else f"{value[:37]}..."


def outcome_words(found: RunComparison) -> str:
    """The whole comparison: what a gate must not let pass, and what is not known."""
    return " ".join(_outcome(found))


def _outcome(found: RunComparison) -> Iterator[str]:
    beyond, rows = f"beyond {found.threshold:.0%}", len(found.rows)
    if found.regressions:
        yield f"REGRESSION {beyond}: {'; '.join(map(str, found.regressions))}."
    if found.lost:
        yield f"BROKEN: head has no valid figure where base has one: {_lost_words(found)}."
    if len(found.void) == rows:
        yield "NOTHING COMPARED: base has no valid figure."
    elif not found.fails:
        yield f"No regression {beyond} was found."
    if found.inconclusive:
        count = len(found.inconclusive)
        yield f"{count} of {rows} rows are inconclusive: a regression may be hidden there."
    if found.void and found.void != found.rows:
        yield f"{len(found.void)} of {rows} rows are invalid in base already and say nothing."


def _lost_words(found: RunComparison) -> str:
    """What is lost and why, each framework and operation once where all its measures are."""
    measures: dict[tuple[str, str], list[Row]] = {}
    for row in found.lost:
        measures.setdefault((f"{row.target} {row.title}", row.verdict.reason), []).append(row)
    every = len({row.measure.title for row in found.rows})
    return "; ".join(
        f"{name}{'' if len(mine) == every else ', ' + mine[0].measure.title} ({reason})"
        for (name, reason), mine in measures.items()
    )


def comparison_page(found: RunComparison) -> Page:
    """The comparison with the line that says how far to trust it."""
    weakness, *others = found.notes
    return Page(
        title=f"Comparison of {found.head} (head) with {found.base} (base)",
        lead=(outcome_words(found),) if found.drift else (outcome_words(found), weakness),
        tables=(comparison_table(found), differences_table(found)),
        notes=tuple(others),
        warnings=((found.drift, 1),) if found.drift else None,
    )
