"""The forms in which a run can be had as files, listed once."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.analysis.stored import StoredRun
from bench.errors import StoreError, UsageError
from bench.files import replacing, write_whole
from bench.report.facts import machine_line
from bench.report.html.document import Document
from bench.report.html.library import vega_code
from bench.report.html.render import render
from bench.report.images import png, svg
from bench.report.markdown import render_markdown
from bench.report.page import page_markdown
from bench.report.pages import page_of
from bench.report.run_page import run_document
from bench.report.tidy import write_csv, write_parquet

DEFAULT = ("html", "md")


@dataclass(frozen=True)
class Place:
    """The folder of a run, and the folder where what is slow to make is kept."""

    run: Path
    cache: Path


Writer = Callable[[StoredRun, Place], None]


def write_page(document: Document, path: Path, cache: Path) -> None:
    """Raises StoreError when the page cannot be written."""
    with _explained(path.parent):
        write_whole(path, render(document, vega_code(cache) if document.plots else ""))


def _html(run: StoredRun, place: Place) -> None:
    write_page(run_document(run), place.run / "report.html", place.cache)


def _markdown(run: StoredRun, place: Place) -> None:
    page = page_of(run)
    text = render_markdown(run) if page is None else page_markdown(page)
    write_whole(place.run / "report.md", text)


def _csv(run: StoredRun, place: Place) -> None:
    with replacing(place.run / "rounds.csv") as path:
        write_csv(run.record, path)


def _parquet(run: StoredRun, place: Place) -> None:
    with replacing(place.run / "rounds.parquet") as path:
        write_parquet(run.record, path)


def _svg(run: StoredRun, place: Place) -> None:
    for plot in run_document(run).plots:
        write_whole(_plots(place) / f"{plot.name}.svg", svg(plot, _source(run)))


def _png(run: StoredRun, place: Place) -> None:
    for plot in run_document(run).plots:
        write_whole(_plots(place) / f"{plot.name}.png", png(plot, _source(run)))


def _plots(place: Place) -> Path:
    folder = place.run / "plots"
    folder.mkdir(exist_ok=True)
    return folder


def _source(run: StoredRun) -> str:
    return f"Run {run.record.run_id}. {machine_line(run.record)}"


FORMATS: dict[str, Writer] = {
    "html": _html,
    "md": _markdown,
    "csv": _csv,
    "parquet": _parquet,
    "svg": _svg,
    "png": _png,
}


def select_formats(names: Sequence[str]) -> tuple[str, ...]:
    """The named formats, or the default ones.

    Raises UsageError on an unknown name, listing the known ones.
    """
    unknown = [name for name in names if name not in FORMATS]
    if unknown:
        raise UsageError(
            f"unknown format {', '.join(map(repr, unknown))}",
            f"Known formats: {', '.join(FORMATS)}.",
        )
    return tuple(dict.fromkeys(names)) or DEFAULT


def write_formats(run: StoredRun, place: Place, names: Sequence[str]) -> None:
    """Write the run in each of these forms into its folder.

    Raises StoreError when the folder cannot be written.
    """
    for name in names:
        with _explained(place.run):
            FORMATS[name](run, place)


@contextmanager
def _explained(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"cannot write a report into {folder}: {error.strerror}",
            "Free some space or mend the permissions. What was measured is kept: make report.",
        ) from error
