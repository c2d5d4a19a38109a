"""The report of two runs set against each other."""

from collections.abc import Iterator, Mapping, Sequence

from bench.analysis.comparison import DRIFT, ComparisonRow, RunComparison, drifted
from bench.analysis.diagnostics.collected import raised_diagnostics
from bench.analysis.validity import rounds_of
from bench.model import Diagnostic, RunRecord
from bench.report.document import (
    Block,
    Diagnostics,
    Document,
    Figure,
    Gravity,
    Outcome,
    Prose,
    Section,
    Sheet,
    Table,
    TargetCell,
)
from bench.report.document import Row as Cells
from bench.report.plots.changes import changes_plot
from bench.report.style import Styles, styles
from bench.report.words import ELSEWHERE, family_words, rounds_words, verdict_words
from bench.words import NO_FIGURE, interval_words, p_words, plain


def comparison_document(found: RunComparison) -> Document:
    """What changed, by how much, how sure that is, and what differed between the runs."""
    return Document(
        title=f"Run {found.head.run_id} compared with {found.base.run_id}",
        facts=(f"Head: run {found.head.run_id}. Base: run {found.base.run_id}.",),
        sections=(_outcome_section(found), _changes(found), _differences(found)),
        styles=_styles(found),
    )


def _styles(found: RunComparison) -> Styles:
    """Of the targets that were compared, as the base has them."""
    names = dict.fromkeys(row.target for row in found.rows)
    return styles(map(found.base.target, names))


def _outcome_section(found: RunComparison) -> Section:
    calm = not (found.fails or found.inconclusive or found.void)
    gravity: Gravity = "invalid" if found.fails else "good" if calm else "doubt"
    blocks: list[Block] = [Outcome(outcome_words(found), gravity)]
    if not found.machine_drifted:
        blocks.append(Prose(weakness(found)))
    if told := tuple((diagnostic, 1) for diagnostic in diagnostics(found)):
        blocks.append(Diagnostics(told))
    return Section("outcome", "The answer", tuple(blocks))


def _changes(found: RunComparison) -> Section:
    table = comparison_table(found)
    plots = [
        changes_plot(
            [row for row in found.rows if row.measure.title == title],
            _styles(found),
            found.threshold,
            name=f"change-{number}",
            title=title,
        )
        for number, title in enumerate(dict.fromkeys(row.measure.title for row in found.rows), 1)
    ]
    drawn = Figure(
        tuple(plot for plot in plots if plot is not None),
        f"Shaded: within {found.threshold:.0%} of no change. A verdict needs its whole interval "
        "beyond it, or within it. ← or →: the interval is wider than the plot.",
    )
    blocks = (drawn, Sheet(table)) if drawn.plots else (Sheet(table),)
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


def comparison_table(found: RunComparison) -> Table:
    """A row per target, phase and measure: both figures, the ratio, the verdict, the witness."""
    return Table(
        title="Comparison",
        columns=(
            *("operation", "framework", "measure", "base", "head", "head / base"),
            *("verdict", "p (Holm)", "rounds", "witness"),
        ),
        rows=tuple(map(_row_words, found.rows)),
        numeric=(False, False, False, True, True, True, False, True, True, True),
        caption=_caption(found),
    )


def _caption(found: RunComparison) -> str:
    told = (
        f"Head / base, unpaired, each with the interval of its step in Holm's method. Beyond "
        f"{found.threshold:.0%} as a whole: a verdict. {family_words()} CPU in us, "
        f"latency in ms. Rounds: needed of each run. Witness: head / base of the database's CPU "
        f"per request; ! beyond {DRIFT:.0%}, {NO_FIGURE} where it was not asked the same."
    )
    marked = any(row.elsewhere and row.verdict.kind != "invalid" for row in found.rows)
    return f"{told} {ELSEWHERE}" if marked else told


def _row_words(row: ComparisonRow) -> Cells:
    metric, verdict = row.measure.metric, row.verdict
    return (
        row.title,
        TargetCell(row.target),
        row.measure.title,
        metric.format(row.before),
        metric.format(row.after),
        interval_words(row.ratio) if row.ratio else NO_FIGURE,
        verdict_words(verdict, row.measure, row.elsewhere),
        p_words(verdict.p_value),
        rounds_words(verdict),
        _witness_words(row.witness),
    )


def _witness_words(ratio: float | None) -> str:
    if ratio is None:
        return NO_FIGURE
    return f"{'! ' if drifted(ratio) else ''}{plain(ratio)}"


def differences_table(found: RunComparison) -> Table:
    """What differs between the runs; what forbids comparing them is marked."""
    return Table(
        title="Differences",
        columns=("what", "base", "head", "comparable"),
        rows=tuple(
            (
                difference.name,
                _short(difference.base),
                _short(difference.head),
                "no" if difference.blocking else "yes",
            )
            for difference in found.differences
        ),
        numeric=(False,) * 4,
        caption="" if found.differences else "The runs were made under the same conditions.",
    )


def _short(value: str) -> str:
    return value if len(value) <= 40 else f"{value[:37]}..."


def outcome_words(found: RunComparison) -> str:
    """The whole comparison: what a gate must not let pass, and what is not known."""
    return " ".join(_outcome(found))


def _outcome(found: RunComparison) -> Iterator[str]:
    beyond, rows = f"beyond {found.threshold:.0%}", len(found.rows)
    if found.regressions:
        yield f"REGRESSION {beyond}: {'; '.join(map(_regression_words, found.regressions))}."
    if found.lost:
        yield f"BROKEN: head has no valid figure where base has one: {_lost_words(found)}."
    if len(found.void) == rows:
        yield "NOTHING COMPARED: no row has valid figures on both sides."
    elif not found.fails:
        yield f"No regression {beyond} was found."
    if found.inconclusive:
        count = len(found.inconclusive)
        yield f"{count} of {rows} rows are inconclusive: a regression may be hidden there."
    if found.void and found.void != found.rows:
        yield f"{len(found.void)} of {rows} rows say nothing: invalid windows, not by head's fault."


def _regression_words(row: ComparisonRow) -> str:
    change = f"{plain(row.ratio.point)} x" if row.ratio else NO_FIGURE
    return f"{row.target} {row.title}: {row.measure.worse} ({row.measure.title} {change})"


def _lost_words(found: RunComparison) -> str:
    """What is lost and why, each framework and operation once where all its measures are."""
    measures: dict[tuple[str, str], list[ComparisonRow]] = {}
    for row in found.lost:
        measures.setdefault((f"{row.target} {row.title}", row.verdict.reason), []).append(row)
    every = len({row.measure.title for row in found.rows})
    return "; ".join(
        f"{name}{'' if len(mine) == every else ', ' + mine[0].measure.title} ({reason})"
        for (name, reason), mine in measures.items()
    )


# --- what weakens it --------------------------------------------------------------------------


def machine_drift(found: RunComparison) -> Diagnostic | None:
    """Tells that the machine itself has changed, where the witness betrays it."""
    if not found.machine_drifted:
        return None
    remedy = "Measure both again, one after the other, on a quiet machine."
    return Diagnostic("machine-drift", weakness(found), remedy)


def weakness(found: RunComparison) -> str:
    """The one line that must stand beside every comparison across time."""
    known = found.witnesses
    weak = "Two runs at different times are weaker evidence than rounds of one run: drift of the "
    weak += "machine counts as a difference. "
    if not known:
        return weak + "There is no witness: no database was asked the same in both runs."
    told = f"The witness, database CPU per request, is head/base {plain(min(known))}"
    told += "" if len(known) == 1 else f" to {plain(max(known))}"
    return (
        weak
        + told
        + (": THE MACHINE HAS CHANGED." if found.machine_drifted else ": no sign of drift.")
    )


def diagnostics(found: RunComparison) -> Iterator[Diagnostic]:
    """All that weakens the comparison beside its being one across time."""
    if drift := machine_drift(found):
        yield drift
    yield from (Diagnostic("comparison", note, "") for note in _notes(found))


def _notes(found: RunComparison) -> Iterator[str]:
    base, head = found.base, found.head
    if found.blocking:
        yield "FORCED: these runs differ in what makes figures comparable, see the differences."
    if not _contract(base) or not _contract(head):
        yield "The contract's fingerprint was not recorded in both runs; it may have changed."
    for name, record in (("base", base), ("head", head)):
        yield from _own_notes(name, record)
    yield from _only_in_head("target", base.plan.targets, head.plan.targets)
    yield from _only_in_head("workload", base.plan.workloads, head.plan.workloads)


def _contract(record: RunRecord) -> object:
    source = record.provenance.get("source")
    return source.get("openapi_sha256") if isinstance(source, Mapping) else None


def _own_notes(name: str, record: RunRecord) -> Iterator[str]:
    if record.state != "complete":
        yield f"{name} ({record.run_id}) is {record.state}, not complete."
    rounds = rounds_of(record)
    if rounds == 1:
        yield f"{name} ({record.run_id}) has a single round: it takes 2 to know any spread."
    source = record.provenance.get("source")
    dirty = source.get("git_dirty") if isinstance(source, Mapping) else None
    if dirty:
        yield f"{name} ({record.run_id}) was measured with uncommitted changes."
    elif dirty is None:
        yield f"{name} ({record.run_id}): whether it had uncommitted changes is not known."
    if raised := _diagnostics_of(record):
        told = f"{name} ({record.run_id}) has diagnostics: {raised}."
        yield f"{told} Its own report has the remedies."


def _diagnostics_of(record: RunRecord) -> str:
    """E.g. "errors (invalid), clock-drift 3 times"; "" for none. Notes are left out."""
    counts: dict[tuple[str, str], int] = {}
    for diagnostic, count in raised_diagnostics(record):
        key = (diagnostic.code, diagnostic.severity)
        counts[key] = counts.get(key, 0) + count
    return ", ".join(
        code
        + (f" {count} times" if count > 1 else "")
        + (" (invalid)" if severity == "invalid" else "")
        for (code, severity), count in counts.items()
        if severity != "note"
    )


def _only_in_head(what: str, base: Sequence[str], head: Sequence[str]) -> Iterator[str]:
    """What the base lacks is nothing to compare with. What the head lacks has rows of its own."""
    if missing := sorted(set(head) - set(base)):
        yield f"Missing in base, and not compared: {what} {', '.join(missing)}."
