"""Verdicts in words and as a table."""

from collections.abc import Mapping, Sequence
from textwrap import shorten

from bench import histogram
from bench.analysis.measures import Measure, measures_of
from bench.analysis.verdicts import PhaseVerdict, verdicts
from bench.metrics import METRICS
from bench.model import RunRecord, Verdict
from bench.report.tables import Table
from bench.words import NO_FIGURE, interval_words, p_words

ELSEWHERE = (
    "*: in most rounds of a side something else than the app's core was the limit; the rate is the "
    "other thing's."
)
"""Stands below a table in which `verdict_words` has marked a verdict."""

_WIDEST_REASON = 40


def better_or_worse(kind: str, measure: Measure) -> str:
    """The kind of a verdict in the measure's own words."""
    return {"faster": measure.better, "slower": measure.worse}.get(kind, kind)


def verdict_words(
    verdict: Verdict, measure: Measure, elsewhere: Mapping[str, str] | None = None
) -> str:
    """The verdict as it stands in a table; an invalid one says which cells are to blame.

    A mark says that a side was limited `elsewhere` than by its app's core: see `ELSEWHERE`.
    """
    if verdict.kind == "invalid":
        return shorten(verdict.reason, _WIDEST_REASON, placeholder=" ...")
    return f"{better_or_worse(verdict.kind, measure)}{' *' if elsewhere else ''}"


def rounds_words(verdict: Verdict) -> str:
    """How many rounds in all would settle an inconclusive verdict, or what would instead."""
    if verdict.kind != "inconclusive":
        return NO_FIGURE
    if not verdict.rounds_help:
        return "longer windows"
    if verdict.ratio is None or verdict.ratio.n < 2:
        return "at least 2"
    return f"about {verdict.rounds_needed}" if verdict.rounds_needed else "over 1,000"


def verdict_tables(
    record: RunRecord, threshold: float = 0.02, level: float = 0.95
) -> tuple[Table, ...]:
    """The verdicts in words, a table for each measure. None without a second target."""
    found = verdicts(record, threshold, level)
    tables = (
        _verdict_table([one for one in found if one.measure == measure], measure, threshold, level)
        for measure in measures_of(record.plan.pacing)
    )
    return tuple(table for table in tables if table.rows)


def _verdict_table(
    found: Sequence[PhaseVerdict], measure: Measure, threshold: float, level: float
) -> Table:
    return Table(
        title=f"Verdicts: {measure.title}",
        columns=("operation", "comparison", "verdict", "p (Holm)", "rounds needed"),
        rows=tuple(_row(one, measure) for one in found),
        numeric=(False, False, False, True, True),
        caption=_caption(found, measure, threshold, level),
    )


def _row(one: PhaseVerdict, measure: Measure) -> tuple[str, ...]:
    verdict = one.verdict
    return (
        one.title,
        comparison_words(verdict, measure),
        verdict_words(verdict, measure, one.elsewhere),
        p_words(verdict.p_value),
        rounds_words(verdict),
    )


def comparison_words(verdict: Verdict, measure: Measure) -> str:
    """E.g. "fastapi is 1.62 x flask [1.55, 1.70]"."""
    subject, reference = verdict.subject, verdict.reference
    if verdict.ratio is None:
        return f"{subject} against {reference}"
    point, _, interval = interval_words(measure.shown(verdict.ratio)).partition(" ")
    return f"{subject} is {point} x {reference} {interval or '(one round)'}"


def family_words(level: float) -> str:
    """What is kept for a table of verdicts, and what is not."""
    return (
        f"At most {1 - level:.0%} of such tables hold a wrong verdict; that all intervals hold at "
        f"once is not said."
    )


def _caption(
    found: Sequence[PhaseVerdict], measure: Measure, threshold: float, level: float
) -> str:
    parts = [
        f"Ratios of {measure.title}, paired within rounds, each with the interval of its step in "
        f"Holm's method. Beyond {threshold:.0%} as a whole: {measure.better} or {measure.worse}; "
        f"within it: indistinguishable. {family_words(level)}"
    ]
    if measure.metric is METRICS["p99"]:
        needed = histogram.samples_needed(99)
        parts.append(f"Less is faster; windows under {needed:,} requests have no p99.")
    if any(one.elsewhere and one.verdict.kind != "invalid" for one in found):
        parts.append(ELSEWHERE)
    if any("left out" in one.verdict.reason for one in found):
        parts.append("Cells of rounds that are not finished have no partner and are left out.")
    return " ".join(parts)
