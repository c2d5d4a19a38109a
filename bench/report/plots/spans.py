"""Memory as a span from idle to its peak."""

from collections.abc import Sequence

import altair as alt

from bench.analysis.memory import MemoryUse
from bench.report.document import Plot
from bench.report.plots.frame import hollow, lanes, marker, room
from bench.report.plots.paper import INK, fading, marks, plot, target_colour, tooltip
from bench.report.plots.rows import PlotRows, layered, number, who
from bench.report.style import Styles

_AXIS = "memory (PSS), MB"
_LANE = 30
_WORDS = 0.28


def memory_spans(found: Sequence[MemoryUse], styles: Styles) -> Plot:
    """Hollow: idle. Full, its number above it: loaded. Bar, its number beside it: the peak."""
    rows = [row for use in found if (row := _row(use, styles))]
    frame = lanes("role", list(dict.fromkeys(str(row["role"]) for row in rows)), styles, _LANE)
    drawn, data = layered(_layers(frame.put(marks()), rows, styles))
    told = "; ".join(
        f"{row['name']} {row['role']}: idle {row['idle_told']}, loaded {row['loaded_told']}, "
        f"peak {row['peak_told']}"
        for row in rows
    )
    return plot(
        "memory",
        "",
        f"Memory of every service. {told}.",
        drawn,
        frame.height,
        data,
        "Memory (PSS): idle, loaded, peak",
    )


def _layers(
    base: alt.Chart, rows: PlotRows, styles: Styles
) -> dict[str, tuple[alt.Chart, PlotRows]]:
    tips = tooltip(
        ("name", "framework"),
        ("role", "of"),
        ("idle_told", "idle"),
        ("loaded_told", "loaded"),
        ("peak_told", "peak"),
    )
    base = base.encode(tooltip=tips, opacity=fading())
    most = max((number(row["peak"]) for row in rows), default=0)
    at = {
        name: base.encode(
            x=alt.X(f"{name}:Q", title=_AXIS, scale=room(most, _WORDS), axis=alt.Axis(tickCount=8))
        )
        for name in ("idle", "loaded", "peak")
    }
    colours = target_colour(styles)
    idle = [row for row in rows if row["idle"] is not None]
    loaded = [row for row in rows if row["loaded"] is not None]
    return {
        "spans": (
            at["idle"]
            .mark_rule(strokeWidth=3)
            .encode(x2=alt.X2("peak:Q"), color=colours, opacity=fading(0.45)),
            idle,
        ),
        "peaks": (at["peak"].mark_tick(thickness=2.5, size=15).encode(color=colours), rows),
        "idle": (hollow(at["idle"], styles), idle),
        "loaded": (marker(at["loaded"], styles, 110), loaded),
        "figures": (
            at["loaded"].mark_text(dy=-13, fontSize=11, color=INK).encode(text=alt.Text("short:N")),
            loaded,
        ),
        "peak figures": (
            at["peak"]
            .mark_text(align="left", dx=7, fontSize=11, color=INK)
            .encode(text=alt.Text("highest:N")),
            rows,
        ),
    }


def _row(use: MemoryUse, styles: Styles) -> dict[str, object] | None:
    if use.peak_bytes is None:
        return None
    told = {
        "idle": use.idle_bytes,
        "loaded": use.loaded_bytes,
        "peak": use.peak_bytes,
    }
    return {
        **who(styles[use.target]),
        "role": use.role,
        **{name: None if value is None else value / 1e6 for name, value in told.items()},
        **{
            f"{name}_told": "not read" if value is None else f"{value / 1e6:,.1f} MB"
            for name, value in told.items()
        },
        "short": "" if use.loaded_bytes is None else f"{use.loaded_bytes / 1e6:,.0f}",
        "highest": f"peak {use.peak_bytes / 1e6:,.0f}",
    }
