"""One figure through all runs of a history, with its shifts."""

from collections.abc import Iterator, Mapping, Sequence
from statistics import geometric_mean

import altair as alt

from bench.report.history import Change, Trend
from bench.report.html.document import Plot
from bench.report.look import Look
from bench.report.measures import interval_words, p_words, plain
from bench.report.plots.paper import (
    CROSS,
    PAPER,
    SOFT,
    fading,
    layered,
    marks,
    plot,
    target_colour,
    target_marker,
    tooltip,
    who,
)
from bench.report.words import interval_text
from bench.stats.changes import stretches
from bench.stats.estimate import is_bounded

_HEIGHT = 260
# Run ids are times: 20261122-104210 is told as 2026-11-22.
_DAY = "slice(datum.value, 0, 4) + '-' + slice(datum.value, 4, 6) + '-' + slice(datum.value, 6, 8)"


def trend_plot(
    name: str, found: Sequence[Trend], runs: Sequence[str], looks: Mapping[str, Look]
) -> Plot:
    """All targets' trends of one operation and measure. `runs` are all run ids, in order."""
    measure, title = found[0].measure, found[0].title
    axis = f"{measure.title}, {measure.metric.unit} (log)"
    if measure.metric.unit in measure.title:
        axis = f"{measure.title} (log)"
    x = alt.X(
        "run:O",
        scale=alt.Scale(domain=list(runs)),
        title="run",
        axis=alt.Axis(labelExpr=_DAY, labelAngle=0, labelOverlap="greedy", grid=False),
    )
    y = alt.Y(
        "value:Q",
        scale=alt.Scale(type="log", nice=False, padding=30),
        title=axis,
        axis=alt.Axis(tickCount=6, format=",.0f"),
    )
    tips = tooltip(("name", "framework"), ("run", "run"), ("told", measure.title))
    shift_tips = tooltip(("name", "framework"), ("run", "from run"), ("told", "change"))
    colours = target_colour(looks)
    points = [row for trend in found for row in _points(trend, looks[trend.target])]
    shifts = [row for trend in found for row in _shifts(trend, looks[trend.target])]
    drawn, data = layered(
        {
            "levels": (
                marks()
                .mark_line(strokeWidth=9, opacity=0.25, strokeCap="round")
                .encode(x=x, y=y, color=colours, detail="stretch:N", opacity=fading(0.25, 0.04)),
                [row for trend in found for row in _levels(trend, looks[trend.target])],
            ),
            "shifts": (
                marks()
                .mark_rule(strokeWidth=1.5, strokeDash=[5, 4])
                .encode(x=x, color=colours, opacity=fading(0.8), tooltip=shift_tips),
                shifts,
            ),
            "lines": (
                marks()
                .mark_line(strokeWidth=1.2)
                .encode(x=x, y=y, color=colours, opacity=fading(0.7)),
                points,
            ),
            "intervals": (
                marks()
                .mark_rule(strokeWidth=2)
                .encode(
                    x=x,
                    y=alt.Y("low:Q", title=axis),
                    y2="high:Q",
                    color=colours,
                    opacity=fading(0.8),
                ),
                [row for row in points if row["low"] is not None],
            ),
            "points": (
                marks()
                .mark_point(filled=True, size=62, stroke=PAPER, strokeWidth=1)
                .encode(
                    x=x,
                    y=y,
                    color=colours,
                    shape=target_marker(looks),
                    opacity=fading(),
                    tooltip=tips,
                ),
                points,
            ),
            "gaps": (
                marks()
                .mark_point(shape=CROSS, size=60, stroke=SOFT, strokeWidth=1.6)
                .encode(x=x, y=alt.value(_HEIGHT - 6), opacity=fading(), tooltip=tips),
                [row for trend in found for row in _gaps(trend, looks[trend.target])],
            ),
            # Each target has a line of its own at the top: changes often come together.
            **{
                f"words-{target}": (
                    marks()
                    .mark_text(align="left", dx=5, fontSize=11, fontWeight=600)
                    .encode(
                        x=x,
                        y=alt.value(8 + 14 * place),
                        text="short:N",
                        color=colours,
                        opacity=fading(),
                    ),
                    [row for row in shifts if row["target"] == target],
                )
                for place, target in enumerate(looks)
            },
        }
    )
    told = "; ".join(f"{row['name']} {row['told']} from run {row['run']}" for row in shifts)
    described = f"{measure.title} of {title} over {len(runs)} runs. {told or 'No change found'}."
    return plot(name, title, described, drawn, _HEIGHT, data, f"{title}: {measure.title}")


def _points(trend: Trend, look: Look) -> Iterator[dict[str, object]]:
    metric = trend.measure.metric
    for point in trend.points:
        estimate = point.estimate
        # A log axis has no place for what reaches down to 0.
        bounded = is_bounded(estimate) and estimate.low > 0
        yield {
            **who(look),
            "run": point.run_id,
            "value": estimate.point,
            "low": estimate.low if bounded else None,
            "high": estimate.high if bounded else None,
            "told": interval_text(metric, estimate),
        }


def _levels(trend: Trend, look: Look) -> Iterator[dict[str, object]]:
    """Both ends of each stretch between changes, at its geometric mean."""
    for low, high in stretches(_edges(trend), len(trend.points)):
        part = trend.points[low:high]
        if part:
            level = geometric_mean([point.estimate.point for point in part])
            for point in (part[0], part[-1]):
                stretch = f"{trend.target} {low}"
                yield {**who(look), "run": point.run_id, "value": level, "stretch": stretch}


def _shifts(trend: Trend, look: Look) -> Iterator[dict[str, object]]:
    for edge, change in zip(_edges(trend), trend.changes, strict=True):
        yield {
            **who(look),
            "run": change.after,
            "value": trend.points[edge].estimate.point,
            "told": _change_words(change),
            "short": f"{change.word} {plain(change.ratio.point)} ×",
        }


def _gaps(trend: Trend, look: Look) -> Iterator[dict[str, object]]:
    for gap in trend.gaps:
        yield {**who(look), "run": gap.run_id, "told": gap.reason}


def _edges(trend: Trend) -> list[int]:
    places = {point.run_id: number for number, point in enumerate(trend.points)}
    return [places[change.after] for change in trend.changes]


def _change_words(change: Change) -> str:
    return f"{change.word}: {interval_words(change.ratio)} ×, p {p_words(change.p_value)}"
