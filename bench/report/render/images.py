"""Plots as SVG and PNG, for papers and READMEs: on white paper, with a legend and a source.

Vega-Lite's own renderer draws them, the same code as on the page, without a browser.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import vl_convert

from bench.report.document import Plot
from bench.report.render.library import VEGA_LITE
from bench.report.style import colours

WIDTH = 760
SCALE = 2.0
"""Pixels of a PNG for each of the plot's own."""

_PAPER = {
    "--ink": "#17202c",
    "--soft": "#566172",
    "--grid": "#eceef1",
    "--line": "#d5d9df",
    "--sheet": "#ffffff",
    "--bad": "#b3261e",
    "--good": "#1d7a46",
    **{f"--{name}": paint.light for name, paint in colours().items()},
}
_VARIABLE = re.compile(r"var\((--[a-z0-9-]+)\)")


def svg(plot: Plot, source: str) -> str:
    """The plot as SVG text; `source` says where its figures are from."""
    return vl_convert.vegalite_to_svg(printed(plot, source), vl_version=VEGA_LITE)


def png(plot: Plot, source: str) -> bytes:
    """The plot as a PNG, twice as many pixels as units."""
    spec = printed(plot, source)
    return vl_convert.vegalite_to_png(spec, vl_version=VEGA_LITE, scale=SCALE)


def printed(plot: Plot, source: str) -> dict[str, Any]:
    """The specification for paper: real colours, a fixed width, a title and a legend."""
    spec: dict[str, Any] = _painted(plot.spec)
    config = spec["config"]
    config["background"] = "#ffffff"
    # Without a browser only fonts of this machine can be had.
    config["font"] = "DejaVu Sans, Helvetica, Arial, sans-serif"
    config["legend"] = {**config["legend"], "disable": False}
    return {
        **spec,
        "width": WIDTH,
        "autosize": {"type": "pad"},
        "padding": 14,
        "title": {"text": plot.heading, "subtitle": source, "anchor": "start"},
    }


def _painted(value: Any) -> Any:
    """Colours in place of the CSS variables that stand for them on a page."""
    if isinstance(value, str):
        return _VARIABLE.sub(lambda found: _PAPER[found[1]], value)
    if isinstance(value, Mapping):
        # Rows hold words and figures, no colours, and are many.
        return {
            key: inner if key == "datasets" else _painted(inner) for key, inner in value.items()
        }
    if isinstance(value, Sequence):
        return [_painted(inner) for inner in value]
    return value
