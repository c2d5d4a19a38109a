"""How a run is shown, whoever asks: on the terminal, and as files in its folder."""

from collections.abc import Sequence
from pathlib import Path

from bench.analysis.comparison import RunComparison
from bench.analysis.history import History
from bench.analysis.stored import StoredRun
from bench.cli.options import out
from bench.experiment.assembly import site
from bench.model import RunRecord
from bench.report.page import print_page
from bench.report.pages import page_of
from bench.report.terminal import print_results
from bench.store import RunStore, torn_words

# What draws pages and plots is imported only where it is used: it takes half a second, and no
# other verb should pay for it, least of all a measurement that shares its CPU.


def show_run(record: RunRecord) -> None:
    """A run that has just been measured: its figures, and where everything is."""
    store = RunStore(site().results / record.run_id)
    material = stored_material(store)
    page = page_of(material)
    if page is None:
        print_results(out, material)
    else:
        print_page(out, page)
    write_report(store, material)


def stored_material(store: RunStore) -> StoredRun:
    """All that a report of this run is made from, what is torn included.

    Raises StoreError when the run cannot be read.
    """
    record, torn = store.read()
    samples, torn_samples = store.read_samples()
    return StoredRun(record, samples, torn_words((*torn, *torn_samples)))


def write_report(store: RunStore, material: StoredRun, names: Sequence[str] = ()) -> None:
    """The run as files in its folder, in these formats or the default ones.

    Raises StoreError when the folder cannot be written.
    """
    from bench.report.formats import DEFAULT, Place, write_formats

    formats = names or DEFAULT
    write_formats(material, Place(store.directory, cache_folder()), formats)
    out.print(f"Results: {store.directory}", soft_wrap=True, markup=False)
    if "html" in formats:
        out.print(f"Page: {store.directory / 'report.html'}", soft_wrap=True, markup=False)


def known_formats(names: Sequence[str]) -> tuple[str, ...]:
    """The named formats, or the default ones; UsageError on an unknown name."""
    from bench.report.formats import select_formats

    return select_formats(names)


def write_comparison(folder: Path, found: RunComparison) -> None:
    """The page of a comparison, in the folder of its head."""
    from bench.report.compare_page import comparison_document
    from bench.report.formats import write_page

    path = folder / f"compared-with-{found.base.run_id}.html"
    write_page(comparison_document(found), path, cache_folder())
    out.print(f"Page: {path}", soft_wrap=True, markup=False)


def write_history(path: Path, found: History) -> None:
    """The page of a history. Raises StoreError when it cannot be written."""
    from bench.report.formats import write_page
    from bench.report.history_document import history_document

    pages = {page.parent.name for page in path.parent.glob("*/report.html")}
    write_page(history_document(found, pages), path, cache_folder())
    out.print(f"Page: {path}", soft_wrap=True, markup=False)


def cache_folder() -> Path:
    """Where what is slow to make and not worth keeping is kept."""
    return site().state / "cache"
