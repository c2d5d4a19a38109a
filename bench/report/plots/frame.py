"""What plots have in common on their paper: lanes, scales, markers, and what hovers."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt

from bench.report.plots.paper import INK, PAPER, SOFT, target_colour, target_marker
from bench.report.plots.rows import PlotRows, number
from bench.report.style import Styles

MOST_INTERVAL = 1.6
"""A scale ends at this multiple of what was measured, however wide an interval is: with two rounds
an interval may be ten times its figure, and nothing else would be seen."""

_BETWEEN = "\t"
"""Stands in a lane's key between its group and its target; a heading's key has none."""


@dataclass(frozen=True)
class Lanes:
    """A group per operation down the page: its heading, and a lane for each target below it.

    `height` is in pixels. `field` is the member of a row that names its group.
    """

    y: alt.Y
    field: str
    height: int

    def put(self, layer: alt.Chart) -> alt.Chart:
        """The layer, each row in its lane."""
        key = f"datum.{self.field} + {json.dumps(_BETWEEN)} + datum.target"
        return layer.transform_calculate(lane=key).encode(y=self.y)


def lanes(field: str, order: Sequence[str], styles: Styles, lane: int) -> Lanes:
    """Lanes of `lane` pixels. `field` names the groups, which come in this order."""
    keys = [
        key for group in order for key in (group, *(f"{group}{_BETWEEN}{name}" for name in styles))
    ]
    names = {style.name: style.short for style in styles.values()}
    parts = f"split(datum.value, {json.dumps(_BETWEEN)})"
    is_heading = f"length({parts}) === 1"
    axis = alt.Axis(
        labelExpr=f"{is_heading} ? datum.value : {json.dumps(names)}[{parts}[1]]",
        labelFontWeight={"condition": {"test": is_heading, "value": 700}, "value": 400},
        labelColor={"condition": {"test": is_heading, "value": INK}, "value": SOFT},
        labelOverlap=False,
        labelPadding=8,
        ticks=False,
        domain=False,
    )
    scale = alt.Scale(domain=keys, paddingInner=0.18, paddingOuter=0.1)
    return Lanes(alt.Y("lane:N", title=None, scale=scale, axis=axis), field, len(keys) * lane)


def moved[Axis: (alt.X, alt.Y)](axis: Axis, field: str) -> Axis:
    """The same axis for another member of the rows: one with no title of its own adds its name."""
    other: Axis = axis.copy()
    other["shorthand"] = f"{field}:Q"
    return other


def room(most: float, words: float = 0.1) -> alt.Scale:
    """From 0 to more than the largest figure by the share `words`, where its words have a place."""
    return alt.Scale(domain=[0, most * (1 + words) or 1], nice=False)


def top(measured: Sequence[float], ends: Sequence[float]) -> float:
    """Where a scale ends: at the highest interval, or before."""
    highest = max(measured, default=0.0)
    return max(highest, min(max(ends, default=0.0), highest * MOST_INTERVAL))


def log_span(measured: Sequence[float], ends: Sequence[float]) -> tuple[float, float]:
    """Where a log scale begins and ends: at the outermost intervals, or before.

    `measured` are positive. An interval may end at 0 or below, where a log scale has no place.
    """
    lowest, highest = min(measured), max(measured)
    floor = max(min(ends, default=lowest), lowest / MOST_INTERVAL)
    ceiling = min(max(ends, default=highest), highest * MOST_INTERVAL)
    return min(lowest, floor), max(highest, ceiling)


@dataclass(frozen=True)
class Cut:
    """Intervals as far as a scale shows them (`from`, `to`), and an arrow at each cut end."""

    shown: PlotRows
    arrows: PlotRows


def cut(rows: PlotRows, span: tuple[float, float], arrows: tuple[str, str]) -> Cut:
    """The intervals `low` to `high` of rows that have one, within `span`; `arrows` lead out of it.

    The rows lose their bounds: one may be infinite, for which JSON has no word.
    """
    shown, ends = [], []
    for row, plain in zip(rows, unbounded(rows), strict=True):
        if row["low"] is None or row["high"] is None:
            continue
        low, high = number(row["low"]), number(row["high"])
        shown.append({**plain, "from": max(low, span[0]), "to": min(high, span[1])})
        beyond = low < span[0], high > span[1]
        ends += [
            {**plain, "end": end, "arrow": arrow}
            for end, arrow, is_beyond in zip(span, arrows, beyond, strict=True)
            if is_beyond
        ]
    return Cut(shown, ends)


def unbounded(rows: PlotRows) -> PlotRows:
    """The rows without the ends of their intervals, for marks that need none."""
    return [
        {name: value for name, value in row.items() if name not in ("low", "high")} for row in rows
    ]


def marker(layer: alt.Chart, styles: Styles, size: int, aside: int = 0) -> alt.Chart:
    """Full marks in each target's shape and colour, `aside` pixels to the right of their place."""
    marked = layer.mark_point(filled=True, size=size, stroke=PAPER, strokeWidth=1.1, xOffset=aside)
    made: alt.Chart = marked.encode(color=target_colour(styles), shape=target_marker(styles))
    return made


def hollow(layer: alt.Chart, styles: Styles) -> alt.Chart:
    """Marks of which only the outline is drawn."""
    made: alt.Chart = layer.mark_point(filled=False, fill=PAPER, size=75, strokeWidth=1.9).encode(
        color=target_colour(styles), shape=target_marker(styles)
    )
    return made


def nearest(layer: alt.Chart, tips: list[alt.Tooltip]) -> alt.Chart:
    """A ring around the point that is nearest to the pointer, with its words.

    A thin line need not be hit, and a line as a whole has no figure to tell.
    """
    near = alt.selection_point(
        name="near",
        nearest=True,
        on="pointermove",
        clear="pointerout",
        fields=["x", "target"],
        empty=False,
    )
    ring: alt.Chart = (
        layer.mark_point(size=140, filled=False, strokeWidth=2)
        .encode(
            stroke=alt.StrokeValue(SOFT),
            tooltip=tips,
            opacity=alt.OpacityValue(0, condition={"param": near.name, "empty": False, "value": 1}),
        )
        .add_params(near)
    )
    return ring
