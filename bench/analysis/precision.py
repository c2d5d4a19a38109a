"""Whether the ratios of a run are known well enough, and which of them is not."""

import math

from bench.analysis.judging import PhaseVerdict
from bench.analysis.measures import COST, Measure
from bench.analysis.studies.ab import answer, study_of
from bench.analysis.verdicts import ratios
from bench.model import Diagnostic, Plan, RunRecord
from bench.stats.rounds import relative_half_width


def narrow_enough(record: RunRecord) -> bool:
    """Whether every ratio of two targets is known to within the plan's half width.

    What counts is the plain 95 % interval of each ratio, whatever its verdict. A comparison with
    an invalid cell will never be narrow, nor one whose windows are too short for the figure: they
    do not keep the run going.
    """
    widest = widest_ratio(record)
    return widest is None or half_width(widest) <= (wanted(record.plan, widest.measure) or math.inf)


def wanted(plan: Plan, measure: Measure) -> float | None:
    """How narrow ratios by this measure are to be, as a share; None where any width will do."""
    return plan.cost_half_width if measure is COST else plan.half_width


def widest_ratio(record: RunRecord) -> PhaseVerdict | None:
    """The ratio that is furthest from its wanted width, of those that more rounds would tell
    better; None where no width is wanted.
    """

    def excess(comparison: PhaseVerdict) -> float:
        return half_width(comparison) / (wanted(record.plan, comparison.measure) or math.inf)

    found = [
        comparison
        for comparison in ratios(record)
        if comparison.verdict.kind != "invalid"
        and comparison.verdict.rounds_help
        and wanted(record.plan, comparison.measure)
    ]
    return max(found, key=excess, default=None)


def half_width(comparison: PhaseVerdict) -> float:
    """Half of the ratio's interval, as a share of it; infinite where it has none."""
    ratio = comparison.verdict.ratio
    return math.inf if ratio is None else relative_half_width(ratio)


def not_narrow(record: RunRecord) -> tuple[Diagnostic, ...]:
    """Told of an adaptive run that has reached its limit and not its width."""
    widest = widest_ratio(record)
    if widest is None or narrow_enough(record):
        return ()
    rounds = max((cell.round for cell in record.cells), default=0)
    told = _width_words(half_width(widest))
    return (
        Diagnostic(
            "not-narrow",
            f"after {rounds} rounds the ratio {widest.verdict.subject} / "
            f"{widest.verdict.reference} of {widest.measure.title} at {widest.title} is known to "
            f"{told}, not ± {wanted(record.plan, widest.measure):.0%}",
            "Use a quieter machine (make doctor), or be content with the intervals as they are.",
        ),
    )


def why_more(record: RunRecord) -> str:
    """Why a round is added to these: which figure is known how well, and what was asked for."""
    widest = widest_ratio(record)
    if widest is None:
        return ""
    pair = f"{widest.verdict.subject} / {widest.verdict.reference}"
    return _too_wide(
        f"{pair} {widest.title}", half_width(widest), wanted(record.plan, widest.measure) or 0.0
    )


def why_more_of_states(record: RunRecord) -> str:
    """The same of an A/B: an interval may be narrow enough and reach across the threshold."""
    study, least = study_of(record), answer(record).least_known
    if least is None:
        return ""
    who = f"{least.side.name} {least.title}"
    if least.ratio and least.half_width <= study.threshold:
        return (
            f"{who} is at the edge of what was asked: {least.ratio.point - 1:+.1%} "
            f"± {least.half_width:.1%} of ± {study.threshold:.1%}"
        )
    return _too_wide(who, least.half_width, study.threshold)


def _too_wide(who: str, half: float, asked: float) -> str:
    return f"intervals are still too wide: {who} {_width_words(half)}, asked ± {asked:.1%}"


def _width_words(half: float) -> str:
    return f"± {half:.1%}" if math.isfinite(half) else "without an interval"
