"""One figure through all runs of a history, with its shifts."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from statistics import geometric_mean

import altair as alt

from bench.analysis.history import Change, Trend
from bench.analysis.measures import Measure
from bench.report.document import Plot
from bench.report.plots.frame import Cut, cut, log_span, marker, moved, unbounded
from bench.report.plots.paper import (
    CROSS,
    SOFT,
    fading,
    from_top,
    marks,
    plot,
    target_colour,
    tooltip,
)
from bench.report.plots.rows import PlotRows, layered, number, who
from bench.report.style import Styles, TargetStyle
from bench.report.words import interval_text
from bench.stats.changes import stretches
from bench.stats.estimate import is_bounded
from bench.words import interval_words, p_words, plain

_HEIGHT = 260

Layers = dict[str, tuple[alt.Chart, PlotRows]]


def trend_plot(name: str, found: Sequence[Trend], runs: Sequence[str], styles: Styles) -> Plot:
    """All targets' trends of one operation and measure. `runs` are all run ids, in order."""
    measure, title = found[0].measure, found[0].title
    points = [row for trend in found for row in _points(trend, styles[trend.target])]
    shifts = [row for trend in found for row in _shifts(trend, styles[trend.target])]
    span = log_span(
        [number(row["value"]) for row in points] or [1.0],
        [number(row[end]) for row in points for end in ("low", "high") if row[end] is not None],
    )
    y = _y(measure, span)
    base = marks().encode(x=_x(runs), y=y, color=target_colour(styles))
    drawn, data = layered(
        {
            **_level_layer(base, found, styles),
            **_shift_layers(base, shifts, styles),
            **_point_layers(
                base, y, cut(points, span, arrows=("↓", "↑")), unbounded(points), styles
            ),
            **_gap_layer(found, runs, styles),
        }
    )
    told = "; ".join(f"{row['name']} {row['told']} from run {row['run']}" for row in shifts)
    described = f"{measure.title} of {title} over {len(runs)} runs. {told or 'No change found'}."
    return plot(name, title, described, drawn, _HEIGHT, data, f"{title}: {measure.title}")


def _x(runs: Sequence[str]) -> alt.X:
    labels = json.dumps(run_labels(runs))
    axis = alt.Axis(
        labelExpr=f"split({labels}[datum.value], ' ')",
        labelAngle=0,
        labelOverlap="greedy",
        grid=False,
    )
    return alt.X("run:O", scale=alt.Scale(domain=list(runs)), title="run", axis=axis)


def run_labels(runs: Sequence[str]) -> dict[str, str]:
    """The day of each run; with its minute, or its whole id, where that alone does not tell it.

    Run ids are times: 20261122-104210 is told as 2026-11-22, or as 2026-11-22 10:42.
    """
    forms = {run: (_day(run), f"{_day(run)} {run[9:11]}:{run[11:13]}", run) for run in runs}
    counts = Counter(form for told in forms.values() for form in told)
    return {
        run: next((form for form in told if counts[form] == 1), run) for run, told in forms.items()
    }


def _day(run: str) -> str:
    return f"{run[:4]}-{run[4:6]}-{run[6:8]}"


def _y(measure: Measure, span: tuple[float, float]) -> alt.Y:
    axis = f"{measure.title}, {measure.metric.unit} (log)"
    if measure.metric.unit in measure.title:
        axis = f"{measure.title} (log)"
    return alt.Y(
        "value:Q",
        scale=alt.Scale(type="log", domain=list(span), nice=False, padding=30),
        title=axis,
        axis=alt.Axis(tickCount=6, format=",.0f"),
    )


def _level_layer(base: alt.Chart, found: Sequence[Trend], styles: Styles) -> Layers:
    """The means between changes."""
    rows = [row for trend in found for row in _levels(trend, styles[trend.target])]
    band = base.mark_line(strokeWidth=9, strokeCap="round")
    return {
        "levels": (band.encode(detail=alt.Detail("stretch:N"), opacity=fading(0.25, 0.04)), rows)
    }


def _shift_layers(base: alt.Chart, shifts: PlotRows, styles: Styles) -> Layers:
    """A dashed line where a change is, and its words at the top.

    Each target has a line of words of its own: changes often come together.
    """
    tips = tooltip(("name", "framework"), ("run", "from run"), ("told", "change"))
    rule = base.mark_rule(strokeWidth=1.5, strokeDash=[5, 4]).encode(
        y=alt.Undefined, opacity=fading(0.8), tooltip=tips
    )
    words = base.mark_text(align="left", dx=5, fontSize=11, fontWeight=600).encode(
        text=alt.Text("short:N"), opacity=fading()
    )
    return {
        "shifts": (rule, shifts),
        **{
            f"words-{target}": (
                words.encode(y=from_top(8 + 14 * place)),
                [row for row in shifts if row["target"] == target],
            )
            for place, target in enumerate(styles)
        },
    }


def _point_layers(
    base: alt.Chart, y: alt.Y, intervals: Cut, rows: PlotRows, styles: Styles
) -> Layers:
    tips = tooltip(("name", "framework"), ("run", "run"), ("told", "figure"))
    return {
        "lines": (base.mark_line(strokeWidth=1.2).encode(opacity=fading(0.7)), rows),
        "intervals": (
            base.mark_rule(strokeWidth=2).encode(
                y=moved(y, "from"), y2=alt.Y2("to:Q"), opacity=fading(0.8)
            ),
            intervals.shown,
        ),
        "arrows": (
            base.mark_text(fontSize=14, fontWeight=700).encode(
                y=moved(y, "end"), text=alt.Text("arrow:N"), opacity=fading(), tooltip=tips
            ),
            intervals.arrows,
        ),
        "points": (marker(base, styles, 62).encode(opacity=fading(), tooltip=tips), rows),
    }


def _gap_layer(found: Sequence[Trend], runs: Sequence[str], styles: Styles) -> Layers:
    """A cross at the bottom for a run without this figure."""
    rows = [row for trend in found for row in _gaps(trend, styles[trend.target])]
    tips = tooltip(("name", "framework"), ("run", "run"), ("told", found[0].measure.title))
    cross = marks().mark_point(shape=CROSS, size=60, stroke=SOFT, strokeWidth=1.6)
    y = from_top(_HEIGHT - 6)
    return {"gaps": (cross.encode(x=_x(runs), y=y, opacity=fading(), tooltip=tips), rows)}


def _points(trend: Trend, style: TargetStyle) -> Iterator[dict[str, object]]:
    metric = trend.measure.metric
    for point in trend.points:
        estimate = point.estimate
        bounded = is_bounded(estimate)
        yield {
            **who(style),
            "run": point.run_id,
            "value": estimate.point,
            "low": estimate.low if bounded else None,
            "high": estimate.high if bounded else None,
            "told": interval_text(metric, estimate),
        }


def _levels(trend: Trend, style: TargetStyle) -> Iterator[dict[str, object]]:
    """Both ends of each stretch between changes, at its geometric mean."""
    for low, high in stretches(_edges(trend), len(trend.points)):
        part = trend.points[low:high]
        if part:
            level = geometric_mean([point.estimate.point for point in part])
            for point in (part[0], part[-1]):
                stretch = f"{trend.target} {low}"
                yield {**who(style), "run": point.run_id, "value": level, "stretch": stretch}


def _shifts(trend: Trend, style: TargetStyle) -> Iterator[dict[str, object]]:
    for edge, change in zip(_edges(trend), trend.changes, strict=True):
        yield {
            **who(style),
            "run": change.after,
            "value": trend.points[edge].estimate.point,
            "told": _change_words(change),
            "short": f"{change.word} {plain(change.ratio.point)} ×",
        }


def _gaps(trend: Trend, style: TargetStyle) -> Iterator[dict[str, object]]:
    for gap in trend.gaps:
        yield {**who(style), "run": gap.run_id, "told": gap.reason}


def _edges(trend: Trend) -> list[int]:
    places = {point.run_id: number for number, point in enumerate(trend.points)}
    return [places[change.after] for change in trend.changes]


def _change_words(change: Change) -> str:
    return f"{change.word}: {interval_words(change.ratio)} ×, p {p_words(change.p_value)}"
