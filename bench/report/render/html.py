"""From a document to the text of its page."""

import hashlib
import json
import re
from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from bench.report.document import Document, Plot
from bench.report.style import colours, marker_key
from bench.words import times

_FOLDER = files("bench.report.render") / "template"


@cache
def environment() -> Environment:
    """Where templates come from: everything is escaped, and a missing name is an error."""
    made = Environment(
        loader=PackageLoader("bench.report.render", "template"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["times"] = times
    # JSON knows no infinity: a figure that has none must have been left out before.
    made.policies["json.dumps_kwargs"] = {"allow_nan": False, "separators": (",", ":")}
    return made


def html_page(document: Document, library: str = "") -> str:
    """The text of a page. `library` is `vega_code()`, needed where there are plots."""
    return (
        environment()
        .get_template("page.html")
        .render(
            scripts=script_sources(library),
            document=document,
            rows=shared_rows(document.plots),
            styles=document.styles,
            colours=colours(),
            modes=marker_key(document.styles),
            css=_asset("style.css"),
            script=_asset("page.js"),
            library=library,
        )
    )


def script_sources(library: str = "") -> Markup:
    """The page's own scripts as a policy names them, by their hash: no other script may run."""
    scripts = [_asset("page.js"), *([library] if library else [])]
    digests = (hashlib.sha256(text.encode()).digest() for text in scripts)
    # Nothing of base64 is markup.
    return Markup(" ".join(f"'sha256-{b64encode(digest).decode()}'" for digest in digests))  # noqa: S704


@dataclass(frozen=True)
class SharedRows:
    """Rows that several plots of a page are drawn from: they stand on it once."""

    by_name: Mapping[str, object]
    _names: Mapping[str, str]

    def spec(self, plot: Plot) -> dict[str, object]:
        """The plot's specification, with the name of shared rows where they would stand."""
        rows = {key: self._names.get(_text(found), found) for key, found in plot.datasets.items()}
        return {**plot.spec, "datasets": rows}


def shared_rows(plots: Iterable[Plot]) -> SharedRows:
    """Finds rows that occur in more than one of the plots."""
    found = [(_text(rows), rows) for plot in plots for rows in plot.datasets.values()]
    counts = Counter(text for text, _ in found)
    several = {text: rows for text, rows in found if counts[text] > 1}
    names = {text: f"rows-{number}" for number, text in enumerate(several, 1)}
    return SharedRows({names[text]: rows for text, rows in several.items()}, names)


def _text(rows: object) -> str:
    return json.dumps(rows, sort_keys=True)


def _asset(name: str) -> str:
    """One of our own files, for which no escaping is due; it must not end its element."""
    text = (_FOLDER / name).read_text()
    assert not re.search(r"</(script|style)", text)
    return text
