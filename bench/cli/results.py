"""Verbs for stored runs."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from bench.cli.options import app, names_in, out
from bench.cli.showing import known_formats, stored_material, write_comparison, write_report
from bench.errors import LabError, UsageError
from bench.experiment.assembly import site
from bench.report.compare import compare_runs, comparison_page, outcome_words
from bench.report.page import print_page
from bench.report.pages import page_of
from bench.report.terminal import print_run
from bench.store import find_run, schemas


@app.command
def compare(
    *,
    base: Annotated[str, Parameter(env_var="BASE")] = "",
    head: Annotated[str, Parameter(env_var="HEAD")] = "",
    threshold: Annotated[float, Parameter(env_var="THRESHOLD")] = 0.02,
    force: Annotated[bool, Parameter(env_var="FORCE")] = False,
) -> None:
    """Compare two runs; a regression ends with exit code 1.

    Parameters
    ----------
    base:
        Id of the run that is compared with.
    head:
        Id of the run that is judged.
    threshold:
        Differences up to this share do not count: 0.02 is 2 %.
    force:
        Compare even what differs in host, placement or contract.
    """
    if not (base and head):
        raise UsageError("which runs?", "Say BASE=<run-id> HEAD=<run-id>; make report names them.")
    records = [find_run(site().results, run_id).read()[0] for run_id in (base, head)]
    found = compare_runs(records[0], records[1], threshold, force=force)
    print_page(out, comparison_page(found))
    write_comparison(site().results / found.head, found)
    if found.regressions:
        raise LabError(outcome_words(found))


@app.command
def report(
    *,
    run: Annotated[str, Parameter(env_var="RUN")] = "",
    formats: Annotated[str, Parameter(name="format", env_var="FORMAT")] = "",
) -> None:
    """Render a run on the terminal, and as files into its folder.

    Parameters
    ----------
    run:
        Id of the run; the latest when left out.
    formats:
        html, md, csv, parquet, svg, png, several with commas; html and md when left out.
    """
    chosen = known_formats(names_in(formats))
    store = find_run(site().results, run or None)
    material = stored_material(store)
    page = page_of(material)
    if page is None:
        print_run(out, material)
    else:
        print_page(out, page)
    write_report(store, material, chosen)


@app.command
def schema(directory: Path = Path("docs/schema")) -> None:
    """Write the JSON Schemas of a run's files."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in schemas().items():
        (directory / name).write_text(text)
    out.print(f"Written to {directory}.", markup=False)
