"""Memory as a span from idle to its peak."""

from collections.abc import Mapping, Sequence

import altair as alt

from bench.report.html.document import Plot
from bench.report.look import Look
from bench.report.memory import MemoryUse
from bench.report.plots.paper import (
    INK,
    PAPER,
    fading,
    layered,
    marks,
    number,
    plot,
    room,
    target_colour,
    target_marker,
    tooltip,
    who,
)

_ROW = 26
_GROUP_GAP = 16


def memory_spans(found: Sequence[MemoryUse], looks: Mapping[str, Look]) -> Plot:
    """Hollow: idle. Full: loaded. Bar at the end: the highest reading."""
    rows = [row for use in found if (row := _row(use, looks))]
    roles = list(dict.fromkeys(str(row["role"]) for row in rows))
    y = alt.Y(
        "role:N",
        sort=roles,
        title=None,
        scale=alt.Scale(paddingInner=0.18, paddingOuter=0.1),
        axis=alt.Axis(labelFontWeight=600, ticks=False, domain=False, labelPadding=8),
    )
    beside = alt.YOffset("label:N", sort=[look.short for look in looks.values()])
    title = "memory (PSS), MB"
    tips = tooltip(
        ("name", "framework"),
        ("role", "of"),
        ("idle_told", "idle"),
        ("loaded_told", "loaded"),
        ("peak_told", "peak"),
    )
    base = marks().encode(y=y, yOffset=beside, tooltip=tips, opacity=fading())
    colours = target_colour(looks)
    most = max((number(row["peak"]) for row in rows), default=0)
    x = alt.X("idle:Q", title=title, scale=room(most), axis=alt.Axis(tickCount=8))
    idle = [row for row in rows if row["idle"] is not None]
    drawn, data = layered(
        {
            "spans": (
                base.mark_rule(strokeWidth=3).encode(
                    x=x, x2="peak:Q", color=colours, opacity=fading(0.45)
                ),
                idle,
            ),
            "peaks": (
                base.mark_tick(thickness=2.5, size=15).encode(
                    x=alt.X("peak:Q", title=title), color=colours
                ),
                rows,
            ),
            "idle": (
                base.mark_point(filled=False, fill=PAPER, size=75, strokeWidth=2).encode(
                    x=x, color=colours, shape=target_marker(looks)
                ),
                idle,
            ),
            "loaded": (
                base.mark_point(filled=True, size=110).encode(
                    x=alt.X("loaded:Q", title=title),
                    color=target_colour(looks),
                    shape=target_marker(looks),
                ),
                [row for row in rows if row["loaded"] is not None],
            ),
            "figures": (
                base.mark_text(align="left", dx=9, fontSize=11, color=INK).encode(
                    x=alt.X("peak:Q", title=title), text="short:N"
                ),
                rows,
            ),
        }
    )
    told = "; ".join(
        f"{row['name']} {row['role']}: idle {row['idle_told']}, loaded {row['loaded_told']}, "
        f"peak {row['peak_told']}"
        for row in rows
    )
    height = len(roles) * (len(looks) * _ROW + _GROUP_GAP)
    return plot(
        "memory",
        "",
        f"Memory of every service. {told}.",
        drawn,
        height,
        data,
        "Memory (PSS): idle, loaded, peak",
    )


def _row(use: MemoryUse, looks: Mapping[str, Look]) -> dict[str, object] | None:
    if use.peak_bytes is None:
        return None
    told = {
        "idle": use.idle_bytes,
        "loaded": use.loaded_bytes,
        "peak": use.peak_bytes,
    }
    return {
        **who(looks[use.target]),
        "role": use.role,
        **{name: None if value is None else value / 1e6 for name, value in told.items()},
        **{
            f"{name}_told": "not read" if value is None else f"{value / 1e6:,.1f} MB"
            for name, value in told.items()
        },
        "short": f"{(use.loaded_bytes or use.peak_bytes) / 1e6:,.0f}",
    }
