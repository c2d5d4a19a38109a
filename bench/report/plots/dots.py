"""One metric per operation and target: every round, the mean and its interval."""

from collections.abc import Mapping, Sequence

import altair as alt

from bench.analysis.series import Series
from bench.analysis.validity import is_invalid
from bench.metrics import Metric
from bench.report.document import Plot
from bench.report.plots.frame import lanes, marker, moved, room, top
from bench.report.plots.paper import (
    BAD,
    CROSS,
    INK,
    PAPER,
    SOFT,
    fading,
    marks,
    plot,
    target_colour,
    tooltip,
)
from bench.report.plots.rows import PlotRows, layered, named, number, packed, unpacked, who
from bench.report.style import Styles
from bench.report.words import interval_text
from bench.stats.estimate import is_bounded

_LANE = 28


def dots(
    name: str,
    title: str,
    found: Sequence[Series],
    styles: Styles,
    metric: Metric,
) -> Plot:
    """Dots with intervals. Rounds that must not be used are crosses; an unfit target says so."""
    rounds, means = _rounds(found, metric), _means(found, styles, metric)
    end = _cut(means, [number(row["value"]) for row in rounds])
    frame = lanes("operation", list(dict.fromkeys(series.title for series in found)), styles, _LANE)
    axis = metric.unit if metric.title == metric.unit else f"{metric.title}, {metric.unit}"
    x = alt.X("value:Q", title=axis, scale=room(end), axis=alt.Axis(tickCount=8))
    base = frame.put(marks()).encode(x=x, opacity=fading())
    drawn, data = layered(
        {
            **_interval_layer(base.encode(x=moved(x, "low")), means, styles, metric),
            **_round_layers(base, rounds, styles, metric),
            **_mean_layers(base, means, styles, metric),
        }
    )
    heading = f"{metric.title}: mean over rounds and 95 % interval"
    told = _description(means, metric)
    return plot(name, title, told, drawn, frame.height, data, heading)


def _cut(means: Sequence[dict[str, object]], rounds: Sequence[float]) -> float:
    """Ends intervals where the scale ends, which is returned, and marks those that go on."""
    highs = [number(row["high"]) for row in means if row["high"] is not None]
    points = [number(row["value"]) for row in means if row["value"] is not None]
    end = top([*points, *rounds], highs)
    for row in means:
        if row["high"] is not None and number(row["high"]) > end:
            row["short"] = f"→ {row['short']}"
        row["reach"] = None if row["high"] is None else min(number(row["high"]), end)
    return end


def _tips(metric: Metric) -> list[alt.Tooltip]:
    return tooltip(("name", "framework"), ("operation", "operation"), ("told", metric.title))


def _interval_layer(
    base: alt.Chart, means: PlotRows, styles: Styles, metric: Metric
) -> dict[str, tuple[alt.Chart, PlotRows]]:
    layer = base.mark_rule(strokeWidth=2.5).encode(
        x2=alt.X2("reach:Q"),
        color=target_colour(styles),
        opacity=fading(0.55),
        tooltip=_tips(metric),
    )
    return {"intervals": (layer, [row for row in means if row["low"] is not None])}


def _round_layers(
    base: alt.Chart, rounds: PlotRows, styles: Styles, metric: Metric
) -> dict[str, tuple[alt.Chart, PlotRows]]:
    told = f"format(datum.value, ',.{metric.decimals}f') + ' {metric.unit} in one round'"
    every = (
        named(unpacked(base, "value"), styles)
        .transform_calculate(told=f"{told} + (datum.usable ? '' : ' (invalid)')")
        .encode(tooltip=_tips(metric))
    )
    usable = every.mark_point(
        filled=True, size=34, shape="circle", stroke=PAPER, strokeWidth=0.8
    ).encode(color=target_colour(styles), opacity=fading(0.6))
    invalid = every.mark_point(size=120, shape=CROSS, strokeWidth=2.2).encode(
        stroke=alt.StrokeValue(BAD)
    )
    return {
        "rounds": (usable, packed((row for row in rounds if row["usable"]), "value")),
        "invalid": (invalid, packed((row for row in rounds if not row["usable"]), "value")),
    }


def _mean_layers(
    base: alt.Chart, means: PlotRows, styles: Styles, metric: Metric
) -> dict[str, tuple[alt.Chart, PlotRows]]:
    mean = base.encode(tooltip=[*_tips(metric), *tooltip(("rounds", "rounds"))])
    known = [row for row in means if row["value"] is not None]
    words = mean.encode(text=alt.Text("short:N"))
    # Above its mark: beside it, the figure would seem to be an outlying round's.
    figures = words.mark_text(align="center", dy=-12, fontSize=11, color=INK)
    missing = words.mark_text(align="left", dx=4, fontSize=11, fontStyle="italic", color=SOFT)
    return {
        "means": (marker(mean, styles, 115), known),
        "figures": (figures, known),
        "missing": (
            missing.encode(x=alt.datum(0)),
            [row for row in means if row["value"] is None],
        ),
    }


def _means(found: Sequence[Series], styles: Styles, metric: Metric) -> list[dict[str, object]]:
    rows = []
    for series in found:
        estimate = metric.estimate(series.usable)
        bounded = estimate is not None and is_bounded(estimate)
        low, high = (
            (max(0.0, estimate.low), estimate.high) if estimate and bounded else (None, None)
        )
        value = None if estimate is None else estimate.point
        words = metric.format(value) if series.windows else "not measured"
        rows.append(
            {
                **who(styles[series.target]),
                "operation": series.title,
                "value": value,
                "low": low,
                "high": high,
                "short": words if value is not None or not series.windows else "too few answers",
                "told": interval_text(metric, estimate) if series.windows else "not measured",
                "rounds": str(len(series.usable)),
            }
        )
    return rows


def _rounds(found: Sequence[Series], metric: Metric) -> list[dict[str, object]]:
    return [
        {
            "target": series.target,
            "operation": series.title,
            "usable": not is_invalid(window),
            "value": value,
        }
        for series in found
        for window in series.windows
        if (value := metric.per_window(window)) is not None
    ]


def _description(rows: Sequence[Mapping[str, object]], metric: Metric) -> str:
    told = "; ".join(f"{row['operation']}, {row['name']}: {row['told']}" for row in rows)
    return f"Dot plot of {metric.title} with 95 % intervals. {told}."
