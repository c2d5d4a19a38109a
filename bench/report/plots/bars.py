"""CPU per request, stacked by who used it."""

from collections.abc import Sequence

import altair as alt

from bench.analysis.series import Series
from bench.metrics import METRICS
from bench.report.document import Plot
from bench.report.plots.frame import lanes, marker, room
from bench.report.plots.paper import (
    INK,
    ISOLATED,
    PAPER,
    fading,
    marks,
    plot,
    target_colour,
    tooltip,
)
from bench.report.plots.rows import layered, number, who
from bench.report.style import Styles
from bench.report.words import interval_text

ROLES = (
    ("app", "app_cost", 1.0),
    ("database", "database_cost", 0.55),
    ("generator", "generator_cost", 0.22),
)
"""Who used CPU, in which metric it stands, and how full the target's colour is drawn."""

_AXIS = "CPU time per request, us"
_LANE = 24
_WORDS = 0.16


def cost_bars(found: Sequence[Series], styles: Styles) -> Plot:
    """A bar per operation and target: app, database and generator from left to right.

    The target's marker stands at the end, before the sum.
    """
    rows = _rows(found, styles)
    operations = list(dict.fromkeys(series.title for series in found if series.windows))
    frame = lanes("operation", operations, styles, _LANE)
    most = max((number(row["to"]) for row in rows), default=0)
    scale = room(most, _WORDS)
    base = frame.put(marks())
    end = base.encode(x=alt.X("to:Q", title=_AXIS, scale=scale), opacity=fading())
    ends = [row for row in rows if row["role"] == ROLES[-1][0]]
    drawn, data = layered(
        {
            "bars": (_bars(base, styles, scale), rows),
            "markers": (marker(end, styles, 62, aside=9), ends),
            "sums": (
                end.mark_text(align="left", dx=17, fontSize=11, color=INK).encode(
                    text=alt.Text("total:N")
                ),
                ends,
            ),
        }
    )
    told = "; ".join(
        f"{row['operation']}, {row['name']}: {row['sum']}" for row in rows if row["role"] == "app"
    )
    return plot(
        "cost",
        "",
        f"Stacked bars of CPU per request. {told}.",
        drawn,
        frame.height,
        data,
        "CPU time per request: app, database, generator",
    )


def _bars(base: alt.Chart, styles: Styles, scale: alt.Scale) -> alt.Chart:
    role = "datum.role === '{}' ? {} : "
    full = "".join(role.format(name, strength) for name, _, strength in ROLES) + "1"
    shaded: alt.Chart = base.transform_calculate(strength=f"({ISOLATED} ? 1 : 0.12) * ({full})")
    made: alt.Chart = shaded.mark_bar(stroke=PAPER, strokeWidth=1, cornerRadius=1.5).encode(
        x=alt.X("from:Q", title=_AXIS, scale=scale, axis=alt.Axis(tickCount=8)),
        x2=alt.X2("to:Q"),
        color=target_colour(styles),
        opacity=alt.Opacity("strength:Q", scale=None, legend=None),
        tooltip=tooltip(
            ("name", "framework"),
            ("operation", "operation"),
            ("role", "used by"),
            ("told", "CPU per request"),
            ("sum", "all three"),
        ),
    )
    return made


def _rows(found: Sequence[Series], styles: Styles) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for series in found:
        estimates = [METRICS[metric].estimate(series.usable) for _, metric, _ in ROLES]
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
                    **who(styles[series.target]),
                    "operation": series.title,
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
