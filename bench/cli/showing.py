"""How a run is shown, whoever asks: on the terminal, and as files in its folder.

What draws plots is imported only where it is used: it takes half a second, and no other verb should
pay for it, least of all a measurement that shares its CPU.
"""

from collections.abc import Sequence
from pathlib import Path

from bench.analysis.commands import without_report
from bench.analysis.comparison import RunComparison
from bench.analysis.history import History
from bench.analysis.stored import StoredRun
from bench.analysis.studies.ab import answer as ab_answer
from bench.analysis.studies.crosscheck import CrosscheckFigure
from bench.cli.options import err, out
from bench.experiment.assembly import site
from bench.model import RunRecord
from bench.report.render.terminal import print_document
from bench.store import RunStore, sound, unreadable_words


def show_run(record: RunRecord) -> None:
    """A run that has just been measured: its figures, and where everything is."""
    try:
        show_stored(RunStore(site().results / record.run_id), facts=False)
    except BaseException:  # whatever ends it, the figures are there
        err.print(without_report(record.run_id), markup=False, soft_wrap=True)
        raise


def show_stored(store: RunStore, formats: Sequence[str] = (), *, facts: bool = True) -> None:
    """A stored run on the terminal, and as files in its folder: in these forms or the usual ones.

    Without `facts`, what is known of a run that one has just seen is left out on the terminal.
    Raises StoreError when the run cannot be read, or its folder not written.
    """
    from bench.report.formats import Place, default_formats, write_formats
    from bench.report.run import run_document

    run = stored_run(store)
    chosen = formats or default_formats(run.record)
    with sound(store.directory):
        document = run_document(run)
        print_document(out, document, facts=facts)
        write_formats(run, document, Place(store.directory, cache_folder()), chosen)
    out.print(f"Results: {store.directory}", soft_wrap=True, markup=False)
    if "html" in chosen:
        out.print(f"Page: {store.directory / 'report.html'}", soft_wrap=True, markup=False)
    list_runs()


def stored_run(store: RunStore) -> StoredRun:
    """All that a report of this run is made from, what is torn included.

    Raises StoreError when the run cannot be read.
    """
    record, torn = store.read()
    samples, torn_samples = store.read_samples()
    return StoredRun(
        record, samples, unreadable_words((*torn, *torn_samples)), store.read_findings()
    )


def known_formats(names: Sequence[str]) -> tuple[str, ...]:
    """The named formats, each once; UsageError on an unknown name."""
    from bench.report.formats import select_formats

    return select_formats(names)


def show_comparison(folder: Path, found: RunComparison) -> str:
    """A comparison on the terminal, and as a page in the folder of its head. Returns its outcome.

    Raises StoreError when the page cannot be written.
    """
    from bench.report.comparison import comparison_document, outcome_words
    from bench.report.formats import write_page

    document = comparison_document(found)
    print_document(out, document)
    path = folder / f"compared-with-{found.base.run_id}.html"
    write_page(document, path, cache_folder())
    out.print(f"Page: {path}", soft_wrap=True, markup=False)
    list_runs()
    return outcome_words(found)


def show_history(path: Path, found: History) -> None:
    """A history on the terminal, and as a page. Raises StoreError when that cannot be written."""
    from bench.report.formats import write_page
    from bench.report.history import history_document

    pages = {page.parent.name for page in path.parent.glob("*/report.html")}
    document = history_document(found, pages)
    print_document(out, document)
    write_page(document, path, cache_folder())
    out.print(f"Page: {path}", soft_wrap=True, markup=False)
    list_runs()


def crosscheck_outcome(found: Sequence[CrosscheckFigure]) -> str:
    """The whole crosscheck in one sentence."""
    from bench.report.sections.studies.crosscheck import outcome_words

    return outcome_words(found)


def ab_outcome(record: RunRecord) -> str:
    """The whole A/B in a sentence or two."""
    from bench.report.sections.studies.ab import outcome_words

    return outcome_words(ab_answer(record), record)


def list_runs() -> None:
    """The page of all runs, `results/index.html`. Raises StoreError when it cannot be written."""
    from bench.listing import write_index

    write_index(site().results, cache_folder())


def cache_folder() -> Path:
    """Where what is slow to make and not worth keeping is kept."""
    return site().state / "cache"
