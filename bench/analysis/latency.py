"""Latency distributions, from the stored histograms of all rounds together."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log10

from bench import histogram
from bench.analysis.series import Series
from bench.model import Distribution, PhaseResult

_STEPS_PER_NINE = 20
_MOST_NINES = 6
HALF, MOST = log10(2), 1 + log10(2)
"""The nines of 50 % and of 95 %."""

_STEPS = sorted(
    {step / _STEPS_PER_NINE for step in range(_MOST_NINES * _STEPS_PER_NINE + 1)} | {HALF, MOST}
)


@dataclass(frozen=True)
class Quantile:
    """A share of requests that was answered within `seconds`.

    `nines` is -log10(1 - share): 0 for 0 %, 1 for 90 %, 2 for 99 %.
    """

    nines: float
    seconds: float


@dataclass(frozen=True)
class Curve:
    """One target's distribution of one operation."""

    operation: str
    target: str
    count: int
    points: tuple[Quantile, ...]


def percentile_at(nines: float) -> float:
    """0..100. Rounded, because 10 to the power of -log10(2) is not quite a half."""
    return round(100 * (1 - 10**-nines), 9)


def curves(found: Sequence[Series]) -> tuple[Curve, ...]:
    """A curve for each target and operation, as far out as there are samples to speak of it."""
    return tuple(
        curve
        for series in found
        for operation in dict.fromkeys(op for window in series.usable for op in window.load.latency)
        if (curve := _curve(series, operation))
    )


def _curve(series: Series, operation: str) -> Curve | None:
    merged = histogram.merge(_parts(series.usable, operation))
    if not merged.count:
        return None
    told = [nines for nines in _STEPS if histogram.tellable(merged.count, percentile_at(nines))]
    seconds = histogram.quantiles_s(merged, [percentile_at(nines) for nines in told])
    # A scenario's mixture has several operations in one window; a plain one has its own name.
    alone = series.workload == operation
    phase = series.title if series.phase == operation else f"{series.title}: {operation}"
    return Curve(
        operation if alone else phase,
        series.target,
        merged.count,
        tuple(Quantile(n, s) for n, s in zip(told, seconds, strict=True)),
    )


def _parts(windows: Sequence[PhaseResult], operation: str) -> list[Distribution]:
    return [
        part
        for window in windows
        for name, part in window.load.latency.items()
        if name == operation
    ]
