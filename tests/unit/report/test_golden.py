"""Reports of stored runs, word for word: whoever changes a word sees where it is shown.

After a change that is meant: ONECORE_WRITE_GOLDEN=1 make test, and look at the difference in git.
"""

import io
import os
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest
from rich.console import Console

from bench.analysis.stored import StoredRun
from bench.report.document import Document
from bench.report.render.html import html_page
from bench.report.render.markdown import markdown
from bench.report.render.terminal import print_document
from bench.report.run import run_document
from bench.report.tidy import write_csv
from bench.store import RunStore
from tests.unit.report.materials import material

HERE = Path(__file__).parent
GOLDEN = HERE / "golden"

STORED = {
    "closed-loop": "run-version-1",
    "open-loop": "run-open-loop",
    "users": "run-users",
    "elsewhere": "run-elsewhere",
}
"""Measured runs, by the folder that each is stored in."""

MADE = ("sweep", "saturation", "unfit", "warnings")
"""Runs that are made up: what the measured ones do not show."""

RUNS = (*STORED, *MADE)


@cache
def run(name: str) -> StoredRun:
    """The run with its samples; nothing of a stored one is torn."""
    if name in MADE:
        return material(name)
    store = RunStore(HERE / STORED[name])
    (record, torn), (samples, torn_samples) = store.read(), store.read_samples()
    assert not torn
    assert not torn_samples
    return StoredRun(record, samples)


class Words(HTMLParser):
    """The words of a page, a line each, behind the element and the class that they stand in.

    Plots are told by their descriptions, which hold what they show.
    """

    def __init__(self, page: str) -> None:
        super().__init__()
        self.lines: list[str] = []
        self._within: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = dict(attributes)
        for name in ("aria-label", "title", "href"):
            if (value := found.get(name)) and tag not in ("use", "link"):
                self.lines.append(f"[{tag} {name}] {value}")
        if tag not in ("meta", "link", "use", "circle", "rect", "path", "br"):
            named = found.get("class") or found.get("id") or ""
            self._within.append(f"{tag}.{named}" if named else tag)

    def handle_endtag(self, tag: str) -> None:
        while self._within and self._within.pop().partition(".")[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        within = self._within[-1] if self._within else ""
        if (words := " ".join(data.split())) and within.partition(".")[0] not in (
            "script",
            "style",
        ):
            self.lines.append(f"{within}: {words}")


@cache
def document(name: str) -> Document:
    """Made once: its plots take longer than to render them."""
    return run_document(run(name))


def page_text(name: str, _folder: Path) -> str:
    return "\n".join(Words(html_page(document(name))).lines) + "\n"


def markdown_text(name: str, _folder: Path) -> str:
    return markdown(document(name))


def terminal_text(name: str, _folder: Path) -> str:
    console = Console(file=io.StringIO(), width=120, color_system=None)
    print_document(console, document(name))
    return "\n".join(line.rstrip() for line in console.file.getvalue().splitlines()) + "\n"


def csv_text(name: str, folder: Path) -> str:
    write_csv(run(name).record, folder / "rounds.csv")
    return (folder / "rounds.csv").read_text()


FORMS = {
    "report.md": markdown_text,
    "terminal.txt": terminal_text,
    "rounds.csv": csv_text,
    "page.txt": page_text,
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", RUNS)
def test_as_before(name: str, form: str, tmp_path: Path) -> None:
    """Tables, sentences and figures are the ones that were looked at and kept."""
    shown = FORMS[form](name, tmp_path)
    kept = GOLDEN / name / form
    if os.environ.get("ONECORE_WRITE_GOLDEN"):
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(shown)
    assert shown == kept.read_text()


def test_nothing_else_is_kept() -> None:
    """A form or a run that is gone leaves no file behind."""
    kept = {str(path.relative_to(GOLDEN)) for path in GOLDEN.rglob("*") if path.is_file()}
    assert kept == {f"{name}/{form}" for name in RUNS for form in FORMS}
