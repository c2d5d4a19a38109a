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
    named,
    plot,
    target_colour,
    tooltip,
)
from bench.report.timeline import Band, Line

_HEIGHT = 120
_MOST_TOLD = 200
"""With more windows than this they are too narrow to hover, and their words too many to carry."""

_TIPS = (("name", "framework"), ("what", "window"), ("told", "rate and app CPU"))
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
            "target": target,
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
                named(marks(), looks)
                .mark_rect()
                .encode(
                    x=alt.X("start:Q", title=_SECONDS, scale=scale_x),
                    x2="end:Q",
                    color=target_colour(looks),
                    opacity=fading(0.16, 0.03),
                    tooltip=tooltip(*_TIPS if len(found) <= _MOST_TOLD else _TIPS[:1]),
                ),
                _bands(found),
            ),
            "lines": (
                named(line, looks)
                .mark_line(strokeWidth=1.4, interpolate="step-before")
                .encode(color=target_colour(looks)),
                [row for row in rows if row["target"]],
            ),
            "common": (
                line.mark_line(strokeWidth=1.4, interpolate="step-before", color=SOFT).encode(
                    opacity=fading(1, 0.5), tooltip=tips[1:]
                ),
                [row for row in rows if not row["target"]],
            ),
        }
    )
    described = f"{title}, {axis}, over time. {len(found)} measured windows are marked."
    return plot(name, title, described, drawn, _HEIGHT, data)


def _bands(found: Sequence[Band]) -> list[dict[str, object]]:
    told = len(found) <= _MOST_TOLD
    return [
        {
            "target": band.target,
            "start": round(band.start_s, 2),
            "end": round(band.end_s, 2),
            **(_told(band) if told else {}),
        }
        for band in found
    ]


def _told(band: Band) -> dict[str, object]:
    rate, cost = METRICS["rate"], METRICS["app_cost"]
    return {
        "what": f"{_phase(band)}, round {band.round}",
        "told": f"{rate.format(rate.per_window(band.window))} {rate.unit}, "
        f"{cost.format(cost.per_window(band.window))} {cost.unit}/request",
    }


def _phase(band: Band) -> str:
    phase = band.window.phase
    return phase if phase == band.workload else f"{band.workload}: {phase}"
