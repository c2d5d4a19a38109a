"""A flame graph as a page of its own: one file that opens from disk without a network."""

import json
from collections.abc import Mapping
from pathlib import Path

from jinja2 import Environment

from bench.analysis import stacks
from bench.report.style import HUES

_TEMPLATE = Path(__file__).parent / "template" / "flame.html"


def flame_page(folded: str, title: str, packages: Mapping[str, str] | None = None) -> str:
    """The page for stacks as the run has stored them; `packages` are what the service's own table
    says of whose code is whose.
    """
    found = stacks.parse(folded)
    tree = stacks.tree_of(found.items(), {**stacks.PACKAGES, **(packages or {})})
    layers: Mapping[str, str] = stacks.LAYERS
    colours = {layer: HUES[place].deep.light for place, layer in enumerate(layers)}
    template = Environment(autoescape=True).from_string(_TEMPLATE.read_text(encoding="utf-8"))
    data = {
        "tree": tree,
        "samples": sum(found.values()),
        "layers": layers,
        "colours": colours,
    }
    # Within a script: no text of a stack may end it.
    return template.render(title=title, data=json.dumps(data).replace("<", "\\u003c"))
