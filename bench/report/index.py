"""All stored runs at a glance: what each was, how it ended, and how far to trust it."""

from collections.abc import Sequence
from datetime import UTC, datetime

from bench.analysis.diagnostics.collected import raised_diagnostics
from bench.analysis.validity import rounds_of
from bench.model import RunRecord
from bench.report.document import (
    Block,
    Commands,
    Document,
    FilterField,
    Prose,
    RunFile,
    RunRow,
    Runs,
    Section,
)
from bench.report.facts import load_words

_TRUST = (("none", "none"), ("some", "some"), ("invalid", "invalid figures"))


def run_row(record: RunRecord, *, has_page: bool, files: Sequence[RunFile] = ()) -> RunRow:
    """A run in one line. `files` are its own."""
    plan = record.plan
    counts: dict[str, int] = {}
    for diagnostic, count in raised_diagnostics(record):
        counts[diagnostic.severity] = counts.get(diagnostic.severity, 0) + count
    done = rounds_of(record)
    return RunRow(
        run_id=record.run_id,
        started=_time_words(record.started_at),
        state=record.state,
        kind=plan.design.kind,
        profile=plan.profile,
        load=load_words(plan),
        targets=plan.targets,
        workloads=plan.workloads,
        rounds=str(done) if done >= plan.rounds else f"{done} of {plan.rounds}",
        diagnostics=counts,
        page=f"{record.run_id}/report.html" if has_page else "",
        files=tuple(files),
    )


def index_document(rows: Sequence[RunRow], *, has_history: bool = False) -> Document:
    """The page of all runs, in the order given."""
    if not rows:
        empty = Prose("There is no run yet. Make one:"), Commands(("make bench",))
        return _document(empty)
    return _document((Runs(tuple(rows), filter_fields(rows), has_history),))


def _document(blocks: tuple[Block, ...]) -> Document:
    return Document(
        title="Runs",
        facts=("Everything in results/, the newest first.",),
        sections=(Section("runs", "Runs", blocks),),
    )


def filter_fields(rows: Sequence[RunRow]) -> tuple[FilterField, ...]:
    """What the runs can be narrowed by: what there is."""
    found = {
        "framework": sorted({target for row in rows for target in row.targets}),
        "workload": sorted({workload for row in rows for workload in row.workloads}),
        "state": sorted({row.state for row in rows}),
        "profile": sorted({row.profile for row in rows if row.profile}),
    }
    return (
        *(
            FilterField(name, tuple((value, value) for value in values))
            for name, values in found.items()
        ),
        FilterField("diagnostics", _TRUST),
    )


def _time_words(moment: str) -> str:
    """E.g. "2026-11-22 10:42", in UTC; what is no time is told as it is."""
    try:
        at = datetime.fromisoformat(moment)
    except ValueError:
        return moment
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M}"
