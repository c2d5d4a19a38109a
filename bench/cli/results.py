"""Verbs for stored runs."""

from typing import Annotated

from cyclopts import Parameter

from bench.analysis.comparison import compare_runs
from bench.cli.options import NOTHING_CHOSEN, Choice, WorkloadName, err, names_in
from bench.cli.showing import known_formats, show_comparison, show_stored
from bench.errors import LabError, UsageError
from bench.experiment.assembly import site
from bench.model import RunRecord
from bench.store import RunStore, UnreadableLine, find_run


def compare(
    *,
    base: Annotated[str, Parameter(env_var="BASE")] = "",
    head: Annotated[str, Parameter(env_var="HEAD")] = "",
    threshold: Annotated[float, Parameter(env_var="THRESHOLD")] = 0.02,
    force: Annotated[bool, Parameter(env_var="FORCE")] = False,
    choice: Choice = NOTHING_CHOSEN,
    workload: WorkloadName = "",
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
        raise UsageError(
            "which runs?", "Say BASE=<run-id> HEAD=<run-id>; results/index.html lists them."
        )
    before, _ = read_run(find_run(site().results, base))
    store = find_run(site().results, head)
    after, _ = read_run(store)
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


def read_run(store: RunStore) -> tuple[RunRecord, tuple[UnreadableLine, ...]]:
    """The run; the lines of it that could not be read are told."""
    record, torn = store.read()
    for line in torn:
        err.print(
            f"{store.directory.name}/{line.diagnostic.message}.",
            style="yellow",
            markup=False,
        )
    return record, torn
