"""Of which layers a request's cost is made: a bar for each service, and a waterfall for one."""

from collections.abc import Mapping, Sequence

import altair as alt

from bench.analysis.explain import LAYERS, Explained, LayerCost
from bench.report.document import Plot
from bench.report.plots.frame import room
from bench.report.plots.paper import INK, PAPER, SOFT, marks, plot, tooltip
from bench.report.plots.rows import layered, number
from bench.report.style import Styles
from bench.stats.estimate import is_bounded

_HUES = tuple(f"hue-{number}" for number, _ in enumerate(LAYERS))
"""As many as there are layers, and no more than there are hues."""

_AXIS = "app CPU per request, us"
_LANE = 34
_STEP = 26
_WORDS = 0.12


def layer_bars(found: Sequence[Explained], styles: Styles) -> Plot:
    """A bar for each service and operation, its layers from the server outwards."""
    rows = [row for explanation in found for row in _rows(explanation, _title(explanation, styles))]
    order = [_title(explanation, styles) for explanation in found]
    scale = room(max((number(row["to"]) for row in rows), default=0), _WORDS)
    base = marks().encode(y=_lanes("service", order))
    bars = base.mark_bar(stroke=PAPER, strokeWidth=1, cornerRadius=1.5).encode(
        x=alt.X("from:Q", title=_AXIS, scale=scale, axis=alt.Axis(tickCount=8)),
        x2=alt.X2("to:Q"),
        color=_layer_colour(legend=True),
        tooltip=_tips("service"),
    )
    sums = base.mark_text(align="left", dx=6, fontSize=11, color=INK).encode(
        x=alt.X("to:Q", title=_AXIS, scale=scale), text=alt.Text("total:N")
    )
    ends = [row for row in rows if row["is_last"]]
    drawn, data = layered({"bars": (bars, rows), "sums": (sums, ends)})
    return plot(
        "layers",
        "",
        f"Stacked bars of app CPU per request by layer. {'; '.join(map(_told, found))}.",
        drawn,
        len(order) * _LANE + 30,
        data,
        "Where a request's CPU time goes",
    )


def waterfall(explanation: Explained, styles: Styles) -> Plot:
    """From the server alone to the standard service: what each layer adds, with its interval."""
    title = _title(explanation, styles)
    rows = _rows(explanation, title)
    scale = room(max((number(row["to"]) for row in rows), default=0), _WORDS)
    base = marks().encode(y=_lanes("layer", [layer.title for layer in explanation.layers]))
    bars = base.mark_bar(height=14, cornerRadius=1.5).encode(
        x=alt.X("from:Q", title=_AXIS, scale=scale, axis=alt.Axis(tickCount=8)),
        x2=alt.X2("to:Q"),
        color=_layer_colour(legend=False),
        tooltip=_tips("layer"),
    )
    spans = base.mark_rule(strokeWidth=1.4, color=SOFT).encode(
        x=alt.X("low:Q", title=_AXIS, scale=scale), x2=alt.X2("high:Q")
    )
    sums = base.mark_text(align="left", dx=6, fontSize=11, color=INK).encode(
        x=alt.X("end:Q", title=_AXIS, scale=scale), text=alt.Text("figure:N")
    )
    bounded = [row for row in rows if "low" in row]
    drawn, data = layered({"bars": (bars, rows), "spans": (spans, bounded), "sums": (sums, rows)})
    return plot(
        f"waterfall-{explanation.ladder.framework}-{explanation.ladder.operation}",
        title,
        f"What each layer adds to a request. {_told(explanation)}.",
        drawn,
        len(rows) * _STEP + 20,
        data,
        f"{title}: what each layer adds",
    )


def _lanes(field: str, order: Sequence[str]) -> alt.Y:
    axis = alt.Axis(ticks=False, domain=False, labelPadding=8, labelLimit=220)
    return alt.Y(f"{field}:N", sort=list(order), title=None, axis=axis)


def _layer_colour(*, legend: bool) -> alt.Color:
    """One colour for each layer, always the same."""
    titles = list(LAYERS.values())
    scale = alt.Scale(domain=titles, range=[f"var(--{name})" for name in _HUES])
    shown = (
        alt.Legend(columns=5, labelLimit=220, symbolType="square", labelColor=SOFT)
        if legend
        else None
    )
    return alt.Color("layer:N", scale=scale, sort=titles, legend=shown)


def _tips(first: str) -> list[alt.Tooltip]:
    return tooltip((first, first), ("layer", "layer"), ("told", "costs"), ("share", "of all"))


def _title(explanation: Explained, styles: Styles) -> str:
    return f"{styles[explanation.ladder.framework].short} {explanation.ladder.operation}"


def _told(explanation: Explained) -> str:
    layers = ", ".join(
        f"{layer.title} {layer.cost_us.point:,.0f} us" for layer in explanation.layers
    )
    return f"{explanation.ladder.framework}, {explanation.ladder.operation}: {layers}"


def _rows(explanation: Explained, title: str) -> list[Mapping[str, object]]:
    """A row for each layer. One that costs less than nothing reaches back."""
    rows: list[Mapping[str, object]] = []
    before = 0.0
    for layer in explanation.layers:
        after = before + layer.cost_us.point
        rows.append(
            {
                "service": title,
                "layer": layer.title,
                "from": min(before, after),
                "to": max(before, after),
                "end": max(before, after),
                **_span(layer, before),
                "told": cost_words(layer),
                "figure": f"{layer.cost_us.point:,.0f}",
                "share": f"{layer.share.point:.0%}",
                "total": f"{explanation.total_us.point:,.0f}",
                "is_last": layer is explanation.layers[-1],
            }
        )
        before = after
    return rows


def _span(layer: LayerCost, before: float) -> dict[str, object]:
    """Where the layer's interval ends, seen from where it begins. None with one round."""
    if not is_bounded(layer.cost_us):
        return {}
    high = before + layer.cost_us.high
    return {"low": before + layer.cost_us.low, "high": high, "end": max(before, high)}


def cost_words(layer: LayerCost) -> str:
    """E.g. "310 us, 95 % interval 290 to 330"."""
    cost = layer.cost_us
    if not is_bounded(cost):
        return f"{cost.point:,.0f} us, one round: no interval"
    return f"{cost.point:z,.0f} us, 95 % interval {cost.low:z,.0f} to {cost.high:z,.0f}"
