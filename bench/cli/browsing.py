"""Verbs for all stored runs together."""

from contextlib import suppress
from typing import Annotated

from cyclopts import Parameter

from bench.analysis.differences import differences
from bench.analysis.history import history_of
from bench.cli.options import NOTHING_CHOSEN, Choice, err, out, whole
from bench.cli.showing import cache_folder, list_runs, show_history
from bench.errors import StoreError
from bench.experiment.assembly import site
from bench.model import RunRecord
from bench.store import find_run, sound, stored_runs


def history(
    *,
    run: Annotated[str, Parameter(env_var="RUN")] = "",
    choice: Choice = NOTHING_CHOSEN,
) -> None:
    """Show how each figure went through all runs that are comparable with one (the latest), with
    its changes marked: of all targets, or of those chosen.
    """
    results = site().results
    reference, _torn = find_run(results, run or None).read()
    found = history_of(_readable(reference), reference, choice.recorded_in(reference))
    show_history(results / "history.html", found)


def _readable(reference: RunRecord) -> list[RunRecord]:
    """Every run that can be read, and set beside the reference; the others are told."""
    records = []
    for store in stored_runs(site().results):
        try:
            record, _torn = store.read()
            with sound(store.directory):
                differences(record, reference)
        except StoreError as error:
            err.print(f"left out: {error.message}", style="yellow", markup=False, soft_wrap=True)
        else:
            records.append(record)
    return records


def serve(
    *, serve_port: Annotated[int, Parameter(env_var="SERVE_PORT", converter=whole)] = 8080
) -> None:
    """Serve results/ on 127.0.0.1, with its index of all runs, until Ctrl-C.

    Parameters
    ----------
    serve_port:
        The port; 0 takes any free one.
    """
    # A web server is imported by the one verb that needs it.
    from bench import serving

    results = site().results
    list_runs()
    with serving.listen(serve_port) as listening:
        host, port = listening.getsockname()
        out.print(f"Serving {results} at http://{host}:{port}/ (Ctrl-C ends)", soft_wrap=True)
        with suppress(KeyboardInterrupt):
            serving.serve(results, listening, cache_folder())
    out.print("Stopped.")
