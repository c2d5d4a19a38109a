"""Vega and Vega-Lite's own code, for a page that fetches nothing."""

from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path

import vl_convert

from bench.files import write_whole

VEGA_LITE = "6.1"
"""With 6.4 the tooltips of nearest-point selections show "undefined"."""


def vega_code(cache: Path | None = None) -> str:
    """JavaScript that defines `vegaEmbed`.

    Bundling takes seconds, so the code is kept in the folder `cache`, under the versions it was
    made from. A folder that cannot be written only costs that time again.
    """
    kept = cache and cache / f"vega-lite-{VEGA_LITE}-{version('vl-convert-python')}.js"
    if kept and kept.exists():
        return kept.read_text()
    code = _bundled()
    if kept:
        with suppress(OSError):
            kept.parent.mkdir(parents=True, exist_ok=True)
            write_whole(kept, code)
    return code


@cache
def _bundled() -> str:
    # The bundle leaves its inner names in the global scope, where they collide with whatever
    # else is there; and a script element ends at the first end tag, wherever it stands.
    bundle = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", vl_version=VEGA_LITE)
    return f"(function () {{{bundle}}})();".replace("</script", "<\\/script")
