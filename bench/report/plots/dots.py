"""One metric per operation and target: every round, the mean and its interval."""

from collections.abc import Mapping, Sequence

import altair as alt

from bench.metrics import Metric
from bench.report.html.document import Plot
from bench.report.look import Look
from bench.report.measures import is_invalid
from bench.report.plots.paper import (
    BAD,
    CROSS,
    PAPER,
    SOFT,
    fading,
    layered,
    marks,
    number,
    plot,
    room,
    target_colour,
    target_marker,
    tooltip,
    top,
    who,
)
from bench.report.tables import Series
from bench.report.words import interval_text
from bench.stats.estimate import is_bounded

_ROW = 28
_GROUP_GAP = 14


def dots(
    name: str, title: str, found: Sequence[Series], looks: Mapping[str, Look], metric: Metric
) -> Plot:
    """Dots with intervals. Rounds that must not be used are crosses; an unfit target says so."""
    rounds = _rounds(found, looks, metric)
    means = _means(found, looks, metric)
    end = top(
        [number(row["value"]) for row in (*means, *rounds) if row["value"] is not None],
        [number(row["high"]) for row in means if row["high"] is not None],
    )
    for row in means:
        if row["high"] is not None and number(row["high"]) > end:
            row["short"] = f"→ {row['short']}"
        row["reach"] = None if row["high"] is None else min(number(row["high"]), end)
    operations = list(dict.fromkeys(one.title for one in found))
    y = alt.Y(
        "operation:N",
        sort=operations,
        title=None,
        scale=alt.Scale(paddingInner=0.18, paddingOuter=0.1),
        axis=alt.Axis(labelFontWeight=600, ticks=False, domain=False, labelPadding=8),
    )
    beside = alt.YOffset("label:N", sort=[look.short for look in looks.values()])
    axis = metric.unit if metric.title == metric.unit else f"{metric.title}, {metric.unit}"
    x = alt.X(
        "value:Q",
        title=axis,
        scale=room(end),
        axis=alt.Axis(tickCount=8),
    )
    colours = target_colour(looks)
    tips = tooltip(("name", "framework"), ("operation", "operation"), ("told", metric.title))
    base = marks().encode(y=y, yOffset=beside, tooltip=tips, opacity=fading())
    mean = base.encode(tooltip=[*tips, *tooltip(("rounds", "rounds"))])
    known = [row for row in means if row["value"] is not None]
    drawn, data = layered(
        {
            "intervals": (
                mean.mark_rule(strokeWidth=2.5).encode(
                    x=alt.X("low:Q", title=axis), x2="reach:Q", color=colours, opacity=fading(0.55)
                ),
                [row for row in means if row["low"] is not None],
            ),
            "rounds": (
                base.mark_point(
                    filled=True, size=34, shape="circle", stroke=PAPER, strokeWidth=0.8
                ).encode(x=x, color=colours, opacity=fading(0.6)),
                [row for row in rounds if row["usable"]],
            ),
            "invalid": (
                base.mark_point(size=120, shape=CROSS, strokeWidth=2.2).encode(
                    x=x, stroke=alt.value(BAD)
                ),
                [row for row in rounds if not row["usable"]],
            ),
            "means": (
                mean.mark_point(filled=True, size=115, stroke=PAPER, strokeWidth=1.2).encode(
                    x=x,
                    color=target_colour(looks),
                    shape=target_marker(looks),
                ),
                known,
            ),
            "figures": (
                # Above its mark: beside it, the figure would seem to be an outlying round's.
                mean.mark_text(align="center", dy=-12, fontSize=11).encode(
                    x=x, text="short:N", color=colours
                ),
                known,
            ),
            "missing": (
                mean.mark_text(
                    align="left", dx=4, fontSize=11, fontStyle="italic", color=SOFT
                ).encode(x=alt.datum(0), text="short:N"),
                [row for row in means if row["value"] is None],
            ),
        }
    )
    height = len(operations) * (len(looks) * _ROW + _GROUP_GAP)
    return plot(
        name,
        title,
        _description(means, metric),
        drawn,
        height,
        data,
        f"{metric.title}: mean over rounds and 95 % interval",
    )


def _means(
    found: Sequence[Series], looks: Mapping[str, Look], metric: Metric
) -> list[dict[str, object]]:
    rows = []
    for one in found:
        estimate = metric.estimate(one.usable)
        bounded = estimate is not None and is_bounded(estimate)
        low, high = (
            (max(0.0, estimate.low), estimate.high) if estimate and bounded else (None, None)
        )
        value = None if estimate is None else estimate.point
        words = metric.format(value) if one.windows else "not measured"
        rows.append(
            {
                **who(looks[one.target]),
                "operation": one.title,
                "value": value,
                "low": low,
                "high": high,
                "short": words if value is not None or not one.windows else "too few answers",
                "told": interval_text(metric, estimate) if one.windows else "not measured",
                "rounds": str(len(one.usable)),
            }
        )
    return rows


def _rounds(
    found: Sequence[Series], looks: Mapping[str, Look], metric: Metric
) -> list[dict[str, object]]:
    return [
        {
            **who(looks[one.target]),
            "operation": one.title,
            "value": value,
            "usable": not is_invalid(window),
            "told": f"{metric.format(value)} {metric.unit} in one round"
            + (" (invalid)" if is_invalid(window) else ""),
        }
        for one in found
        for window in one.windows
        if (value := metric.per_window(window)) is not None
    ]


def _description(rows: Sequence[Mapping[str, object]], metric: Metric) -> str:
    told = "; ".join(f"{row['operation']}, {row['name']}: {row['told']}" for row in rows)
    return f"Dot plot of {metric.title} with 95 % intervals. {told}."
