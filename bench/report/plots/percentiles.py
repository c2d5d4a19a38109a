"""Latency distributions on an axis that counts nines, so that the tail gets the room."""

from collections.abc import Iterator, Sequence

import altair as alt

from bench.analysis.latency import HALF, Curve
from bench.report.document import Plot
from bench.report.plots.frame import marker, nearest
from bench.report.plots.paper import fading, marks, plot, target_colour, tooltip
from bench.report.plots.rows import PlotRows, layered, named, packed, unpacked
from bench.report.style import Styles

_HEIGHT = 250
_MARKED = {HALF: "half", 1.0: "90 %", 2.0: "99 %", 3.0: "99.9 %", 4.0: "99.99 %"}
"""Where the markers stand."""

_LABELS = (
    "datum.value < 0.01 ? '0 %' : abs(datum.value - 0.30103) < 0.01 ? '50 %' : "
    "datum.value == 1 ? '90 %' : datum.value == 2 ? '99 %' : datum.value == 3 ? '99.9 %' : "
    "datum.value == 4 ? '99.99 %' : '99.999 %'"
)


def nines_plots(found: Sequence[Curve], styles: Styles, word: str) -> tuple[Plot, ...]:
    """A plot per operation, all with the same axes. `word` is "latency" or "service time"."""
    seconds = [point.seconds for curve in found for point in curve.points if point.seconds > 0]
    if not seconds:
        return ()
    span = (min(seconds) * 1e3 * 0.9, max(seconds) * 1e3 * 1.1)
    top = max(point.nines for curve in found for point in curve.points)
    by_operation: dict[str, list[Curve]] = {}
    for curve in found:
        by_operation.setdefault(curve.operation, []).append(curve)
    return tuple(
        _plot(operation, curves, styles, word, span, top)
        for operation, curves in by_operation.items()
    )


def _plot(
    operation: str,
    found: Sequence[Curve],
    styles: Styles,
    word: str,
    span: tuple[float, float],
    top: float,
) -> Plot:
    rows = [row for curve in found for row in _rows(curve)]
    drawn, data = layered(_layers(rows, styles, word, span, top))
    told = "; ".join(f"{styles[curve.target].label}: {_told(curve)}" for curve in found)
    slug = operation.replace(": ", "-").replace(" ", "-")
    return plot(
        f"latency-{slug}",
        operation,
        f"Distribution of {word}, {operation}. {told}.",
        drawn,
        _HEIGHT,
        data,
        f"{word.capitalize()}: {operation}",
    )


def _layers(
    rows: PlotRows, styles: Styles, word: str, span: tuple[float, float], top: float
) -> dict[str, tuple[alt.Chart, PlotRows]]:
    x = alt.X(
        "x:Q",
        title=f"{word}, ms (log)",
        scale=alt.Scale(type="log", domain=list(span), nice=False),
        axis=alt.Axis(tickCount=6, format=",~g", labelOverlap=True),
    )
    y = alt.Y(
        "y:Q",
        title="share of requests answered within",
        scale=alt.Scale(domain=[0, max(top, 1)], nice=False),
        axis=alt.Axis(values=[0, 0.30103, 1, 2, 3, 4, 5], labelExpr=_LABELS),
    )
    tips = tooltip(("name", "framework"), ("share", "share"), ("told", word), ("count", "requests"))
    base = named(unpacked(marks(), "x", "y"), styles).encode(x=x, y=y, opacity=fading())
    curve = base.mark_line(strokeWidth=2, interpolate="monotone")
    told = base.transform_calculate(
        share="format(100 * (1 - pow(10, -datum.y)), '.6~g') + ' %'",
        told="format(datum.x, ',.2f') + ' ms'",
    )
    points = packed(rows, "x", "y")
    marked = packed((row for row in rows if row["y"] in _MARKED), "x", "y")
    return {
        "curves": (curve.encode(color=target_colour(styles)), points),
        "marked": (marker(base, styles, 62), marked),
        "points": (nearest(told, tips), points),
    }


def _rows(curve: Curve) -> Iterator[dict[str, object]]:
    for point in curve.points:
        yield {
            "target": curve.target,
            "count": f"{curve.count:,}",
            "x": round(point.seconds * 1e3, 4),
            "y": point.nines,
        }


def _told(curve: Curve) -> str:
    return ", ".join(
        f"{_MARKED[point.nines]} within {point.seconds * 1e3:,.1f} ms"
        for point in curve.points
        if point.nines in _MARKED
    )
