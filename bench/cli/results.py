"""Verbs for stored runs."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from bench.analysis.agreement import agreement as runs_agreement
from bench.analysis.comparison import compare_runs
from bench.cli.options import NOTHING_CHOSEN, Choice, Workload, app, err, names_in, out
from bench.cli.showing import known_formats, show_comparison, show_stored
from bench.errors import LabError, UsageError
from bench.experiment.assembly import site
from bench.files import write_whole
from bench.model import RunRecord
from bench.report.agreement import agreement_table
from bench.report.render.terminal import print_table
from bench.store import RunStore, Torn, find_run, schemas


@app.command
def compare(
    *,
    base: Annotated[str, Parameter(env_var="BASE")] = "",
    head: Annotated[str, Parameter(env_var="HEAD")] = "",
    threshold: Annotated[float, Parameter(env_var="THRESHOLD")] = 0.02,
    force: Annotated[bool, Parameter(env_var="FORCE")] = False,
    choice: Choice = NOTHING_CHOSEN,
    workload: Workload = "",
) -> None:
    """Compare two runs; a regression or a broken head ends with exit code 1.

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
    before, _ = _read(find_run(site().results, base))
    store = find_run(site().results, head)
    after, _ = _read(store)
    found = compare_runs(
        before,
        after,
        threshold,
        force=force,
        targets=choice.recorded_in(before),
        workloads=names_in(workload),
    )
    outcome = show_comparison(store.directory, found)
    if found.fails:
        raise LabError(outcome)


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
    show_stored(find_run(site().results, run or None), chosen)


def _read(store: RunStore) -> tuple[RunRecord, tuple[Torn, ...]]:
    """The run; the lines of it that could not be read are told."""
    record, torn = store.read()
    for line in torn:
        err.print(
            f"{store.directory.name}/{line.diagnostic.message}.",
            style="yellow",
            markup=False,
        )
    return record, torn


@app.command
def agreement(*runs: str) -> None:
    """Show how well several runs of the same agree, e.g. ten quick runs of one commit.

    Parameters
    ----------
    runs:
        Their ids, at least three.
    """
    found = runs_agreement([_read(find_run(site().results, run_id))[0] for run_id in runs])
    print_table(out, agreement_table(found))


@app.command
def schema(directory: Path = Path("docs/schema")) -> None:
    """Write the JSON Schemas of a run's files."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in schemas().items():
        write_whole(directory / name, text)
    out.print(f"Written to {directory}.", markup=False)
