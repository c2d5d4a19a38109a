"""What weakens a run, gathered: one for each kind, with how often it was raised."""

from collections.abc import Iterable, Iterator, Sequence

from bench.analysis.commands import resume_command
from bench.analysis.completeness import missing, missing_words, split
from bench.analysis.stored import StoredRun
from bench.analysis.timeline import impossible_readings
from bench.analysis.validity import rounds_of, unequal_workers
from bench.model import CellResult, CountedDiagnostic, Diagnostic, RunRecord
from bench.words import times

_ORDER = {"invalid": 0, "doubt": 1, "note": 2}


def diagnostics_of(
    run: StoredRun, cells: Sequence[CellResult] | None = None
) -> tuple[CountedDiagnostic, ...]:
    """All that weakens the figures of a run, the gravest first: the same in each form of a report.

    `cells` are those that the figures rest on; all of the run's when left out.
    """
    record = run.record
    raised = _raised(record, record.cells if cells is None else cells)
    return _gravest_first([*((diagnostic, 1) for diagnostic in _about_the_run(run)), *raised])


def raised_diagnostics(record: RunRecord) -> tuple[CountedDiagnostic, ...]:
    """What the lab raised while it measured, each kind once with its first example."""
    return _gravest_first(_raised(record, record.cells))


def _gravest_first(found: Iterable[CountedDiagnostic]) -> tuple[CountedDiagnostic, ...]:
    return tuple(sorted(found, key=lambda counted: _ORDER[counted[0].severity]))


def _about_the_run(run: StoredRun) -> Iterator[Diagnostic]:
    """What weakens every figure, and is none of a window or of the machine."""
    record = run.record
    rounds = rounds_of(record)
    if record.state != "complete":
        yield Diagnostic(
            "incomplete",
            f"This run is {record.state}: figures are those up to then",
            f"Go on where it can be resumed: {resume_command(record)}",
        )
    yield from _about_cells(record)
    yield from _about_workers(record)
    for line in run.unreadable:
        yield Diagnostic("unreadable", line, "The rest of the run is shown.")
    if record.plan.design.is_comparable and record.cells and rounds < record.plan.rounds:
        yield Diagnostic(
            "few-rounds",
            f"{times(rounds, 'round')} of {record.plan.rounds} planned",
            "Intervals are wider than planned.",
        )
    if count := impossible_readings(run):
        yield Diagnostic(
            "impossible-cpu",
            f"{count} readings of CPU over time were more than a unit's CPUs can give: left out",
            "Figures of windows do not rest on them. In a run of this version it is a fault of the "
            "lab's: please tell.",
            "note",
        )
    rounds_begun = {cell.round for cell in record.cells}
    if len(rounds_begun) == 1 and record.plan.design.rounds != "none":
        yield Diagnostic(
            "one-round",
            "One round gives no interval and no verdict",
            "Measure at least two: ROUNDS=2.",
        )


def _about_workers(record: RunRecord) -> Iterator[Diagnostic]:
    """Whether targets ran with another number of workers, whatever has made it so."""
    if workers := unequal_workers(record):
        told = ", ".join(f"{name} {count}" for name, count in workers.items())
        yield Diagnostic(
            "unequal-workers",
            f"services ran with another number of workers: {told}",
            "They are not compared. See what has set it: WEB_CONCURRENCY, GUNICORN_CMD_ARGS or "
            "`serve` in service.toml.",
            "invalid",
        )


def _about_cells(record: RunRecord) -> Iterator[Diagnostic]:
    """What it must have measured and has not, and what was measured in more than one sitting."""
    if record.state == "complete" and (keys := missing(record)):
        there, all_of_them = len(record.cells), len(record.cells) + len(keys)
        yield Diagnostic(
            "missing-cells",
            f"{there} of {all_of_them} cells are there; missing: {missing_words(keys)}",
            f"Measure what is missing: {resume_command(record)}",
        )
    if found := split(record):
        number, workload = found[0]
        more = f", and {len(found) - 1} more" if len(found) > 1 else ""
        yield Diagnostic(
            "split-round",
            f"the run was resumed within {workload} in round {number}{more}: targets that are "
            "compared were not measured close together",
            "Believe the other rounds rather.",
        )


def _raised(record: RunRecord, cells: Sequence[CellResult]) -> Iterator[CountedDiagnostic]:
    """Those of the run and of its windows; an unfit target is one of its own kind."""
    kinds: dict[tuple[str, ...], list[Diagnostic]] = {}
    windows = (window for cell in cells for window in cell.phases)
    for diagnostic in (
        *record.diagnostics,
        *(diagnostic for window in windows for diagnostic in window.diagnostics),
    ):
        kinds.setdefault((diagnostic.code, diagnostic.severity), []).append(diagnostic)
    for cell in cells:
        if cell.unfit:
            kinds.setdefault(("unfit", cell.target), []).append(_unfit(cell))
    yield from ((group[0], len(group)) for group in kinds.values())


def _unfit(cell: CellResult) -> Diagnostic:
    seen = f"{cell.target} was not measured: {cell.unfit}"
    return Diagnostic("unfit", seen, cell.remedy or "See its log.", "invalid")
