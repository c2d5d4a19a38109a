"""The forms in which a run can be had as files, listed once."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.analysis.stored import StoredRun
from bench.errors import StoreError, UsageError
from bench.files import replacing, write_whole
from bench.model import CpuProfile, RunRecord
from bench.report.document import Document
from bench.report.facts import fact_line, machine_fact
from bench.report.render.flame import flame_page
from bench.report.render.html import html_page
from bench.report.render.images import png, svg
from bench.report.render.library import vega_code
from bench.report.render.markdown import markdown
from bench.report.sections.studies.inside import page_of
from bench.report.sections.studies.reports import report_of
from bench.report.tidy import write_csv, write_parquet

DEFAULT = ("html", "md")


@dataclass(frozen=True)
class Place:
    """The folder of a run, and the folder where what is slow to make is kept."""

    run: Path
    cache: Path


Writer = Callable[[StoredRun, Document, Place], None]


def write_page(document: Document, path: Path, cache: Path) -> None:
    """Raises StoreError when the page cannot be written."""
    with _explained(path.parent):
        write_whole(path, html_page(document, vega_code(cache) if document.plots else ""))


def _html(run: StoredRun, document: Document, place: Place) -> None:
    write_page(document, place.run / "report.html", place.cache)
    for finding in run.findings:
        if finding.profile is not None:
            _flame(run, finding.profile, place.run / page_of(finding.framework, finding.operation))


def _flame(run: StoredRun, profile: CpuProfile, path: Path) -> None:
    """The flame graph beside its stacks; none where these are gone."""
    stacks = path.parent.parent / profile.stacks
    if stacks.exists():
        title = f"Run {run.record.run_id}: {path.stem.replace('-', ' ')}, {profile.samples} samples"
        with _explained(path.parent):
            text = stacks.read_text(encoding="utf-8")
            write_whole(path, flame_page(text, title, profile.packages))


def _markdown(_run: StoredRun, document: Document, place: Place) -> None:
    write_whole(place.run / "report.md", markdown(document))


def _csv(run: StoredRun, _document: Document, place: Place) -> None:
    with replacing(place.run / "rounds.csv") as path:
        write_csv(run.record, path)


def _parquet(run: StoredRun, _document: Document, place: Place) -> None:
    with replacing(place.run / "rounds.parquet") as path:
        write_parquet(run.record, path)


def _json(run: StoredRun, _document: Document, place: Place) -> None:
    """The answer of an A/B, for programs. Raises UsageError for other runs."""
    data = report_of(run.record).data
    if data is None:
        raise UsageError(
            "FORMAT=json is for an A/B, whose answer it holds",
            "A run's figures: FORMAT=csv or parquet.",
        )
    write_whole(place.run / "answer.json", json.dumps(data(run.record), indent=2) + "\n")


def default_formats(record: RunRecord) -> tuple[str, ...]:
    """What is written where nobody chooses."""
    return (*DEFAULT, "json") if report_of(record).data else DEFAULT


def _svg(run: StoredRun, document: Document, place: Place) -> None:
    for plot in document.plots:
        write_whole(_plots(place) / f"{plot.name}.svg", svg(plot, _source(run)))


def _png(run: StoredRun, document: Document, place: Place) -> None:
    for plot in document.plots:
        write_whole(_plots(place) / f"{plot.name}.png", png(plot, _source(run)))


def _plots(place: Place) -> Path:
    folder = place.run / "plots"
    folder.mkdir(exist_ok=True)
    return folder


def _source(run: StoredRun) -> str:
    """Where an image's figures are from."""
    return f"Run {run.record.run_id}. {fact_line(machine_fact(run.record))}"


FORMATS: dict[str, Writer] = {
    "html": _html,
    "md": _markdown,
    "csv": _csv,
    "parquet": _parquet,
    "json": _json,
    "svg": _svg,
    "png": _png,
}


def select_formats(names: Sequence[str]) -> tuple[str, ...]:
    """The named formats; none where none is named.

    Raises UsageError on an unknown name, listing the known ones.
    """
    unknown = [name for name in names if name not in FORMATS]
    if unknown:
        raise UsageError(
            f"unknown format {', '.join(map(repr, unknown))}",
            f"Known formats: {', '.join(FORMATS)}.",
        )
    return tuple(dict.fromkeys(names))


def write_formats(run: StoredRun, document: Document, place: Place, names: Sequence[str]) -> None:
    """Write the run and its report in each of these forms into its folder.

    Raises StoreError when the folder cannot be written.
    """
    for name in names:
        with _explained(place.run):
            FORMATS[name](run, document, place)


@contextmanager
def _explained(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"cannot write a report into {folder}: {error.strerror}",
            "Free some space or mend the permissions. What was measured is kept: make report.",
        ) from error
