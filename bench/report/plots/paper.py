"""What all plots share: paper, type, the look of each target, and how one is looked at alone.

Colours are names of CSS variables, so that one drawing serves light, dark and print. Whoever
draws outside a page puts real colours in their place (see `images`).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import altair as alt
from altair.utils.schemapi import disable_debug_mode

from bench.report.document import Plot, Spec
from bench.report.plots.rows import PlotRows, rounded
from bench.report.style import Styles

# Altair would check each part of a plot when it is made, which takes as long as all the rest. Tests
# check every plot as a whole.
disable_debug_mode()

INK, SOFT, GRID, LINE = "var(--ink)", "var(--soft)", "var(--grid)", "var(--line)"
PAPER, BAD = "var(--sheet)", "var(--bad)"

CROSS = "M-.5,-.5L.5,.5M-.5,.5L.5,-.5"
"""A marker for what must not be used."""

ISOLATED = "isolated === '' || datum.target === isolated"
"""True of a mark that is not faded: no target is isolated, or its own is."""

FONT = "Inter, system-ui, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"

_CONFIG: dict[str, object] = {
    "background": "transparent",
    "font": FONT,
    "view": {"stroke": None},
    "axis": {
        "labelColor": SOFT,
        "titleColor": SOFT,
        "gridColor": GRID,
        "domainColor": LINE,
        "tickColor": LINE,
        "labelFontSize": 11,
        "titleFontSize": 11.5,
        "titleFontWeight": 500,
        "titlePadding": 8,
        "labelLimit": 150,
        "labelOverlap": "greedy",
    },
    "legend": {"disable": True, "orient": "top", "title": None},
    "title": {"color": INK, "anchor": "start", "subtitleColor": SOFT},
}


def marks() -> alt.Chart:
    """A layer to be; `layered` gives it its rows."""
    return alt.Chart()


def target_colour(styles: Styles) -> alt.Color:
    """The colour of each target, in their constant order."""
    return alt.Color(
        "label:N", scale=_scale(styles, [f"var(--{style.colour})" for style in styles.values()])
    )


def target_marker(styles: Styles) -> alt.Shape:
    """The shape of each target's marks, by its mode."""
    return alt.Shape(
        "label:N", scale=_scale(styles, [style.marker.shape for style in styles.values()])
    )


def _scale(styles: Styles, values: list[str]) -> alt.Scale:
    return alt.Scale(domain=[style.short for style in styles.values()], range=values)


def fading(shown: float = 1.0, faded: float = 0.08) -> alt.OpacityValue:
    """Opacity: marks of targets that are not looked at fade.

    A channel and no dict, as everywhere here: for each dict Altair looks through all of its schema.
    """
    return alt.OpacityValue(faded, condition={"test": ISOLATED, "value": shown})


def from_top(pixels: int) -> alt.YValue:
    """So many pixels below the top of the plot."""
    return alt.YValue(pixels)  # type: ignore[no-untyped-call]


def tooltip(*fields: tuple[str, str]) -> list[alt.Tooltip]:
    """Fields that hold finished words, with their titles."""
    return [alt.Tooltip(f"{name}:N", title=title) for name, title in fields]


def plot(
    name: str,
    title: str,
    description: str,
    drawn: Sequence[alt.Chart],
    height: int,
    data: Mapping[str, PlotRows],
    heading: str = "",
) -> Plot:
    """A plot of `data`, as wide as its place; `height` in pixels."""
    spec = {**_spec(drawn, height), "datasets": {key: rounded(rows) for key, rows in data.items()}}
    return Plot(name, title, description, spec, heading or title)


def _spec(drawn: Sequence[alt.Chart], height: int) -> Spec:
    # As Altair's LayerChart would write it, which copies all of each layer several times for it.
    layers = [layer.to_dict(validate=False, context={"top_level": False}) for layer in drawn]
    return {
        "layer": layers,
        "width": "container",
        "height": height,
        "autosize": {"type": "fit-x", "contains": "padding"},
        "config": _CONFIG,
        "params": [{"name": "isolated", "value": ""}, *_lifted(layers)],
        # What is used here is the same in every version of Vega-Lite 6.
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
    }


def _lifted(layers: list[dict[str, Any]]) -> Iterator[dict[str, object]]:
    """What a pointer selects is the whole plot's; it names the layer in which it is selected."""
    for place, layer in enumerate(layers):
        for param in layer.pop("params", ()):
            layer["name"] = f"view_{place}"
            yield {**param, "views": [layer["name"]]}
