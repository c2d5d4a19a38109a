"""From a document to the text of its page."""

import re
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined

from bench.report.html.document import Document
from bench.report.look import SWATCHES, looks
from bench.report.words import times

_FOLDER = files("bench.report.html") / "template"


@cache
def environment() -> Environment:
    """Where templates come from: everything is escaped, and a missing name is an error."""
    made = Environment(
        loader=PackageLoader("bench.report.html", "template"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["times"] = times
    # JSON knows no infinity: a figure that has none must have been left out before.
    made.policies["json.dumps_kwargs"] = {"allow_nan": False, "separators": (",", ":")}
    return made


def render(document: Document, library: str = "") -> str:
    """The page. `library` is `vega_code()`, needed where there are plots."""
    return (
        environment()
        .get_template("page.html")
        .render(
            document=document,
            looks=looks(document.targets),
            swatches=tuple(enumerate(SWATCHES)),
            style=_asset("style.css"),
            script=_asset("page.js"),
            own_script=document.script,
            library=library,
        )
    )


def _asset(name: str) -> str:
    """One of our own files, for which no escaping is due; it must not end its element."""
    text = (_FOLDER / name).read_text()
    assert not re.search(r"</(script|style)", text)
    return text
