"""What reports say in the same words everywhere: figures, verdicts and marks."""

from collections.abc import Iterable, Mapping
from textwrap import shorten

from bench.analysis.measures import Measure
from bench.analysis.series import Series
from bench.metrics import METRICS, Metric
from bench.model import Estimate, Verdict
from bench.report.document import TargetCell
from bench.stats.estimate import is_bounded
from bench.stats.verdict import LEVEL
from bench.words import NO_FIGURE

NOT_MEASURED = "not measured"

# --- figures ----------------------------------------------------------------------------------


def figure_text(metric: Metric, estimate: Estimate | None) -> str:
    """The figure with its unit, "1,204 requests/s"; "too few answers" where there is none."""
    return (
        "too few answers" if estimate is None else f"{metric.format(estimate.point)} {metric.unit}"
    )


def certainty_text(metric: Metric, estimate: Estimate | None) -> str:
    """E.g. "95 % interval 1,173 to 1,235, 4 rounds"; "" where there is no figure.

    No metric is ever below 0: an interval that reaches there ends at 0.
    """
    if estimate is None:
        return ""
    if not is_bounded(estimate):
        return "one round: no interval"
    low, high = metric.format(max(0.0, estimate.low)), metric.format(estimate.high)
    level = f"{100 * estimate.level:.0f} %"
    return f"{level} interval {low} to {high}, {estimate.n} rounds"


def interval_text(metric: Metric, estimate: Estimate | None) -> str:
    """E.g. "1,204 requests/s, 95 % interval 1,173 to 1,235, 4 rounds"."""
    return ", ".join(
        filter(None, (figure_text(metric, estimate), certainty_text(metric, estimate)))
    )


def figure(name: str, found: Series) -> str:
    """A metric of a series over all of its rounds, e.g. "12.3"."""
    metric = METRICS[name]
    return metric.format(metric.value(found.behind(metric)))


def intervals(found: Series, *names: str) -> tuple[str, ...]:
    """Metrics of a series with half of their intervals, e.g. ("1,204 ±31", "81 ±2")."""
    metrics = [METRICS[name] for name in names]
    return tuple(metric.format_interval(metric.estimate(found.usable)) for metric in metrics)


# --- marks ------------------------------------------------------------------------------------

FORBIDDEN = "✕"
"""Marks a target some of whose rounds an `invalid` diagnostic forbids to use."""


def mark(found: Series) -> str:
    """E.g. "✕ 1 of 3" for an invalid round of three; "" where every round may be used."""
    invalid = found.invalid_count
    return f"{FORBIDDEN} {invalid} of {len(found.windows)}" if invalid else ""


def marked(found: Series) -> TargetCell:
    """The target in a table, marked where a round of it must not be used: see `forbidden_words`."""
    return TargetCell(found.target, mark(found))


def forbidden_words(found: Iterable[Series]) -> str:
    """What the mark means and why it stands in a table of these; "" where there is none."""
    codes = dict.fromkeys(code for series in found for code in series.invalid_codes)
    if not codes:
        return ""
    return (
        f" {FORBIDDEN}: so many of its rounds are invalid ({', '.join(codes)}). They are in no "
        "figure but the counts; where all are, their figures are shown, and must not be used."
    )


# --- verdicts ---------------------------------------------------------------------------------

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


def family_words() -> str:
    """What is kept for a table of verdicts, and what is not."""
    return (
        f"At most {1 - LEVEL:.0%} of such tables hold a wrong verdict; that all intervals hold at "
        f"once is not said."
    )
