"""The page of two runs set against each other."""

from bench.analysis.comparison import RunComparison
from bench.model import Diagnostic
from bench.report.comparison import (
    comparison_table,
    differences_table,
    machine_drift,
    notes,
    outcome_words,
    weakness,
)
from bench.report.html.document import Diagnostics, Document, Figure, Prose, Section, Sheet
from bench.report.look import looks
from bench.report.plots.changes import changes_plot


def comparison_document(found: RunComparison) -> Document:
    """What changed, by how much, how sure that is, and what differed between the runs."""
    targets = tuple(looks(row.target for row in found.rows))
    return Document(
        title=f"Run {found.head.run_id} compared with {found.base.run_id}",
        facts=(f"Head: run {found.head.run_id}. Base: run {found.base.run_id}.",),
        sections=(_outcome(found), _changes(found), _differences(found)),
        targets=targets,
    )


def _outcome(found: RunComparison) -> Section:
    code, severity = ("failed", "invalid") if found.fails else ("undecided", "doubt")
    told = Diagnostic(code, outcome_words(found), "", severity)  # type: ignore[arg-type]
    calm = not (found.fails or found.inconclusive or found.void)
    drift = machine_drift(found)
    told_notes = (Diagnostic("comparison", note, "", "doubt") for note in notes(found))
    diagnostics = tuple((each, 1) for each in (drift, *told_notes) if each)
    blocks = (
        Prose(outcome_words(found)) if calm else Diagnostics(((told, 1),)),
        *(() if drift else (Prose(weakness(found)),)),
        *((Diagnostics(diagnostics),) if diagnostics else ()),
    )
    return Section("outcome", "The answer", blocks)


def _changes(found: RunComparison) -> Section:
    table = comparison_table(found)
    plots = [
        changes_plot(
            [row for row in found.rows if row.measure.title == title],
            looks(row.target for row in found.rows),
            found.threshold,
            name=f"change-{number}",
            title=title,
        )
        for number, title in enumerate(dict.fromkeys(row.measure.title for row in found.rows), 1)
    ]
    figure = Figure(
        tuple(plot for plot in plots if plot is not None),
        f"Shaded: within {found.threshold:.0%} of no change. A verdict needs its whole interval "
        "beyond it, or within it. ← or →: the interval is wider than the plot.",
    )
    blocks = (figure, Sheet(table)) if figure.plots else (Sheet(table),)
    return Section("changes", "What changed", blocks, "Ratios of the later run to the earlier.")


def _differences(found: RunComparison) -> Section:
    count = len(found.blocking)
    forbid = "forbids" if count == 1 else "forbid"
    blocking = f"{count} of them {forbid} the comparison." if count else ""
    return Section(
        "differences",
        "What differed between the runs",
        (Sheet(differences_table(found)),),
        f"{len(found.differences)} recorded conditions differ. {blocking}".strip(),
    )
