"""Latency distributions on an axis that counts nines, so that the tail gets the room."""

from collections.abc import Mapping, Sequence

import altair as alt

from bench.report.html.document import Plot
from bench.report.latency import HALF, Curve, Point
from bench.report.look import Look
from bench.report.plots.paper import (
    PAPER,
    SOFT,
    fading,
    layered,
    marks,
    named,
    plot,
    target_colour,
    target_marker,
    tooltip,
)

_HEIGHT = 250
_MARKED = {HALF: "half", 1.0: "90 %", 2.0: "99 %", 3.0: "99.9 %", 4.0: "99.99 %"}
"""Where the markers stand."""

_LABELS = (
    "datum.value < 0.01 ? '0 %' : abs(datum.value - 0.30103) < 0.01 ? '50 %' : "
    "datum.value == 1 ? '90 %' : datum.value == 2 ? '99 %' : datum.value == 3 ? '99.9 %' : "
    "datum.value == 4 ? '99.99 %' : '99.999 %'"
)


def nines_plots(found: Sequence[Curve], looks: Mapping[str, Look], word: str) -> tuple[Plot, ...]:
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
        _plot(operation, curves, looks, word, span, top)
        for operation, curves in by_operation.items()
    )


def _plot(
    operation: str,
    found: Sequence[Curve],
    looks: Mapping[str, Look],
    word: str,
    span: tuple[float, float],
    top: float,
) -> Plot:
    rows = [_row(curve, point) for curve in found for point in curve.points]
    marked = [row for row in rows if row["y"] in _MARKED]
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
    base = named(marks(), looks).encode(x=x, y=y, opacity=fading())
    near = alt.selection_point(
        name="near",
        nearest=True,
        on="pointermove",
        clear="pointerout",
        fields=["x", "target"],
        empty=False,
    )
    drawn, data = layered(
        {
            "curves": (
                base.mark_line(strokeWidth=2, interpolate="monotone").encode(
                    color=target_colour(looks)
                ),
                rows,
            ),
            "marked": (
                base.mark_point(filled=True, size=62, stroke=PAPER, strokeWidth=1).encode(
                    color=target_colour(looks),
                    shape=target_marker(looks),
                ),
                marked,
            ),
            "points": (
                base.mark_point(size=140, filled=False, strokeWidth=2)
                .encode(
                    stroke=alt.value(SOFT),
                    tooltip=tips,
                    opacity=alt.condition(near, alt.value(1), alt.value(0)),
                )
                .add_params(near),
                rows,
            ),
        }
    )
    told = "; ".join(f"{looks[curve.target].label}: {_told(curve)}" for curve in found)
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


def _row(curve: Curve, point: Point) -> dict[str, object]:
    return {
        "target": curve.target,
        "x": round(point.seconds * 1e3, 4),
        "y": point.nines,
        "share": f"{point.percentile:.6g} %",
        "told": f"{point.seconds * 1e3:,.2f} ms",
        "count": f"{curve.count:,}",
    }


def _told(curve: Curve) -> str:
    return ", ".join(
        f"{_MARKED[point.nines]} within {point.seconds * 1e3:,.1f} ms"
        for point in curve.points
        if point.nines in _MARKED
    )
