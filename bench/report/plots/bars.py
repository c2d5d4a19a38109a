"""CPU per request, stacked by who used it."""

from collections.abc import Mapping, Sequence

import altair as alt

from bench.metrics import METRICS
from bench.report.html.document import Plot
from bench.report.look import Look
from bench.report.plots.paper import (
    INK,
    ISOLATED,
    PAPER,
    fading,
    layered,
    marks,
    number,
    plot,
    room,
    target_colour,
    tooltip,
    who,
)
from bench.report.tables import Series
from bench.report.words import interval_text

ROLES = (
    ("app", "app_cost", 1.0),
    ("database", "database_cost", 0.55),
    ("generator", "generator_cost", 0.22),
)
"""Who used CPU, in which metric it stands, and how full the target's colour is drawn."""

_AXIS = "CPU time per request, us"
_ROW = 24
_GROUP_GAP = 14


def cost_bars(found: Sequence[Series], looks: Mapping[str, Look]) -> Plot:
    """A bar per operation and target: app, database and generator from left to right."""
    rows = _rows(found, looks)
    operations = list(dict.fromkeys(one.title for one in found if one.windows))
    y = alt.Y(
        "operation:N",
        sort=operations,
        title=None,
        scale=alt.Scale(paddingInner=0.18, paddingOuter=0.1),
        axis=alt.Axis(labelFontWeight=600, ticks=False, domain=False, labelPadding=8),
    )
    beside = alt.YOffset("label:N", sort=[look.short for look in looks.values()])
    most = max((number(row["to"]) for row in rows), default=0)
    x = alt.X("from:Q", title=_AXIS, scale=room(most), axis=alt.Axis(tickCount=8))
    role = "datum.role === '{}' ? {} : "
    full = "".join(role.format(name, strength) for name, _, strength in ROLES) + "1"
    bars = (
        marks()
        .mark_bar(stroke=PAPER, strokeWidth=1, cornerRadius=1.5)
        .encode(
            x=x,
            x2="to:Q",
            y=y,
            yOffset=beside,
            color=target_colour(looks),
            opacity=alt.Opacity("strength:Q", scale=None, legend=None),
            tooltip=tooltip(
                ("name", "framework"),
                ("operation", "operation"),
                ("role", "used by"),
                ("told", "CPU per request"),
                ("sum", "all three"),
            ),
        )
        .transform_calculate(strength=f"({ISOLATED} ? 1 : 0.12) * ({full})")
    )
    labels = (
        marks()
        .mark_text(align="left", dx=6, fontSize=11, color=INK)
        .encode(x=alt.X("to:Q", title=_AXIS), y=y, yOffset=beside, text="total:N", opacity=fading())
    )
    ends = [row for row in rows if row["role"] == ROLES[-1][0]]
    drawn, data = layered({"bars": (bars, rows), "sums": (labels, ends)})
    height = len(operations) * (len(looks) * _ROW + _GROUP_GAP)
    told = "; ".join(
        f"{row['operation']}, {row['name']}: {row['sum']}" for row in rows if row["role"] == "app"
    )
    return plot(
        "cost",
        "",
        f"Stacked bars of CPU per request. {told}.",
        drawn,
        height,
        data,
        "CPU time per request: app, database, generator",
    )


def _rows(found: Sequence[Series], looks: Mapping[str, Look]) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for one in found:
        estimates = [METRICS[metric].estimate(one.usable) for _, metric, _ in ROLES]
        known = [estimate.point for estimate in estimates if estimate is not None]
        if len(known) < len(ROLES):
            continue
        told = " + ".join(
            f"{name} {METRICS[metric].format(point)}"
            for (name, metric, _), point in zip(ROLES, known, strict=True)
        )
        start = 0.0
        for (name, metric, _), estimate, point in zip(ROLES, estimates, known, strict=True):
            rows.append(
                {
                    **who(looks[one.target]),
                    "operation": one.title,
                    "role": name,
                    "from": start,
                    "to": start + point,
                    "told": interval_text(METRICS[metric], estimate),
                    "sum": f"{told} us",
                    "total": f"{sum(known):,.0f}",
                }
            )
            start += point
    return rows
