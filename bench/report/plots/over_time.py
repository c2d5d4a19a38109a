"""CPU and memory over time, with the measured windows marked."""

from collections.abc import Mapping, Sequence

import altair as alt

from bench.metrics import METRICS
from bench.report.html.document import Plot
from bench.report.look import Look
from bench.report.plots.paper import (
    SOFT,
    fading,
    layered,
    marks,
    plot,
    target_colour,
    tooltip,
    who,
)
from bench.report.timeline import Band, Line

_HEIGHT = 120
_SECONDS = "seconds since the run began"


def over_time_plot(
    name: str,
    title: str,
    axis: str,
    lines: Mapping[str, Line],
    found: Sequence[Band],
    looks: Mapping[str, Look],
    span_s: tuple[float, float],
    *,
    scale: float = 1.0,
    decimals: int = 0,
) -> Plot | None:
    """A line per target over the windows of all; "" stands for a line that belongs to none.

    `scale` turns the lines' unit into the axis's. None without any reading.
    """
    rows = [
        {
            **(who(looks[target]) if target else {"target": "", "label": "", "name": "generator"}),
            "x": round(reading.at_s, 2),
            "y": None if reading.value is None else round(reading.value * scale, 2),
        }
        for target, line in lines.items()
        for reading in line.readings
    ]
    if not rows:
        return None
    # Without a scale of its own a layer of ranges would bring the axis back to 0.
    scale_x = alt.Scale(domain=[round(span_s[0], 1), round(span_s[1], 1)], nice=False, zero=False)
    x = alt.X(
        "x:Q",
        title=_SECONDS,
        scale=scale_x,
        axis=alt.Axis(grid=False, tickCount=8),
    )
    y = alt.Y("y:Q", title=axis, scale=alt.Scale(zero=True), axis=alt.Axis(tickCount=4))
    tips = [
        alt.Tooltip("name:N", title="of"),
        alt.Tooltip("x:Q", title="second", format=",.1f"),
        alt.Tooltip("y:Q", title=axis, format=f",.{decimals}f"),
    ]
    line = marks().encode(x=x, y=y, tooltip=tips, opacity=fading())
    drawn, data = layered(
        {
            "windows": (
                marks()
                .mark_rect()
                .encode(
                    x=alt.X("start:Q", title=_SECONDS, scale=scale_x),
                    x2="end:Q",
                    color=target_colour(looks),
                    opacity=fading(0.16, 0.03),
                    tooltip=tooltip(
                        ("name", "framework"),
                        ("what", "window"),
                        ("rate", "rate"),
                        ("cost", "app CPU"),
                    ),
                ),
                _bands(found, looks),
            ),
            "lines": (
                line.mark_line(strokeWidth=1.4, interpolate="step-before").encode(
                    color=target_colour(looks)
                ),
                [row for row in rows if row["target"]],
            ),
            "common": (
                line.mark_line(strokeWidth=1.4, interpolate="step-before", color=SOFT).encode(
                    opacity=fading(1, 0.5)
                ),
                [row for row in rows if not row["target"]],
            ),
        }
    )
    described = f"{title}, {axis}, over time. {len(found)} measured windows are marked."
    return plot(name, title, described, drawn, _HEIGHT, data)


def _bands(found: Sequence[Band], looks: Mapping[str, Look]) -> list[dict[str, object]]:
    rate, cost = METRICS["rate"], METRICS["app_cost"]
    return [
        {
            **who(looks[band.target]),
            "start": round(band.start_s, 2),
            "end": round(band.end_s, 2),
            "what": f"{_phase(band)}, round {band.round}",
            "rate": f"{rate.format(rate.per_window(band.window))} {rate.unit}",
            "cost": f"{cost.format(cost.per_window(band.window))} {cost.unit}/request",
        }
        for band in found
    ]


def _phase(band: Band) -> str:
    phase = band.window.phase
    return phase if phase == band.workload else f"{band.workload}: {phase}"
