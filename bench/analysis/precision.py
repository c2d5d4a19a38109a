"""Whether the ratios of a run are known well enough."""

import math

from bench.analysis.verdicts import PhaseVerdict, ratios
from bench.model import LabWarning, RunRecord
from bench.stats.rounds import relative_half_width


def narrow_enough(record: RunRecord) -> bool:
    """Whether every ratio of two targets is known to within the plan's half width.

    What counts is the plain 95 % interval of each ratio, whatever its verdict. A comparison with
    an invalid cell will never be narrow, nor one whose windows are too short for the figure: they
    do not keep the run going.
    """
    wanted, widest = record.plan.half_width, widest_ratio(record)
    return wanted is None or widest is None or _half_width(widest) <= wanted


def widest_ratio(record: RunRecord) -> PhaseVerdict | None:
    """The ratio that is known least well, of those that more rounds would tell better."""
    found = [
        one for one in ratios(record) if one.verdict.kind != "invalid" and one.verdict.rounds_help
    ]
    return max(found, key=_half_width, default=None)


def _half_width(one: PhaseVerdict) -> float:
    ratio = one.verdict.ratio
    return math.inf if ratio is None else relative_half_width(ratio)


def not_narrow(record: RunRecord) -> tuple[LabWarning, ...]:
    """The doubt of an adaptive run that has reached its limit and not its width."""
    wanted, widest = record.plan.half_width, widest_ratio(record)
    if wanted is None or widest is None or narrow_enough(record):
        return ()
    rounds = max((cell.round for cell in record.cells), default=0)
    half = _half_width(widest)
    told = f"± {half:.1%}" if math.isfinite(half) else "without an interval"
    return (
        LabWarning(
            "not-narrow",
            f"after {rounds} rounds the ratio {widest.verdict.subject} / "
            f"{widest.verdict.reference} of {widest.title} is known to {told}, not ± {wanted:.0%}",
            "Use a quieter machine (make doctor), or be content with the intervals as they are.",
        ),
    )
