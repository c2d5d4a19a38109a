"""Before and after: what a change does to each operation, and what differed between the two."""

from collections.abc import Iterator, Mapping, Sequence

from bench.analysis.stored import StoredRun
from bench.analysis.studies.ab import Effect, Findings, StatementChange, answer, study_of
from bench.model import AB, Estimate, RunRecord, Side
from bench.report.document import (
    Block,
    Figure,
    Gravity,
    Notes,
    Outcome,
    Plot,
    Prose,
    Row,
    Section,
    Sheet,
    Table,
)
from bench.report.plots.changes import changes_plot
from bench.report.style import Styles, styles_of
from bench.report.words import ELSEWHERE, rounds_words, verdict_words
from bench.words import NO_FIGURE, and_list, times

_LONGEST_STATEMENT = 80


def ab_title(record: RunRecord, styles: Styles) -> str:
    """Names the frameworks of which states were compared."""
    labels = dict.fromkeys(record.target(name).label for name in styles)
    return f"{and_list(list(labels))}: before and after"


def before_and_after(run: StoredRun) -> Section | None:
    """The answer in a sentence, in figures, and what differed. None for other runs."""
    record = run.record
    if not isinstance(record.plan.study, AB):
        return None
    found = answer(record)
    blocks: list[Block] = [
        Outcome(outcome_words(found, record), _gravity(found)),
        Prose(_compared_words(record)),
        Figure(tuple(_plots(run, found)), _plot_words(record), deciding_table(found, record)),
        Sheet(others_table(found)),
    ]
    if notes := tuple(_statement_notes(found, record)):
        blocks.append(Notes(notes))
    blocks.extend(Sheet(table) for table in differences_tables(record))
    return Section("ab", "Before and after", tuple(blocks))


# --- in a sentence ----------------------------------------------------------------------------


def _gravity(found: Findings) -> Gravity:
    return {"regression": "invalid", "undecided": "doubt", "clear": "good"}[found.outcome]  # type: ignore[return-value]


def outcome_words(found: Findings, record: RunRecord) -> str:
    """What it all comes to: what has become worse, what is not known, what has become better."""
    return " ".join(_outcome(found, record))


def _outcome(found: Findings, record: RunRecord) -> Iterator[str]:
    beyond = f"beyond {study_of(record).threshold:.0%}"
    rounds = times(found.rounds, "round")
    worse = [change for change in found.regressions if not change.lost]
    lost = [change for change in found.regressions if change.lost]
    if worse:
        told = "; ".join(_change_words(change, record) for change in worse)
        yield f"REGRESSION {beyond}: {told}."
    if lost:
        told = "; ".join(f"{_who(change, record)} ({change.verdict.reason})" for change in lost)
        yield f"BROKEN: no valid figure, where the reference has one: {told}."
    if not found.deciding:
        yield "NOTHING COMPARED: nothing was measured."
    elif found.undecided:
        yield _undecided_words(found, record, rounds)
    elif found.outcome == "clear":
        yield f"No regression {beyond}, known after {rounds}."
    if better := [change for change in found.changes if change.verdict.kind == "faster"]:
        yield f"Better: {'; '.join(_change_words(change, record) for change in better)}."
    if differ := [statement for statement in found.statements if statement.differ]:
        told = "; ".join(
            f"{_who(statement, record)} {_queries_words(statement)}" for statement in differ
        )
        yield f"Statements per request differ: {told}."


def _undecided_words(found: Findings, record: RunRecord, rounds: str) -> str:
    told = and_list([_who(change, record) for change in found.undecided])
    needed = found.rounds_needed
    if needed:
        remedy = f"about {needed} rounds in all would decide it: ROUNDS={needed}"
    elif any(change.verdict.kind == "invalid" for change in found.undecided):
        remedy = "some of its figures are invalid: see the diagnostics"
    else:
        remedy = "no number of rounds would: a larger THRESHOLD, or a quieter machine"
    return f"UNDECIDED after {rounds}: {told}; {remedy}."


def _who(change: Effect | StatementChange, record: RunRecord) -> str:
    """The operation; in a series with the state that is meant."""
    states = sum(side.of == change.side.of for side in study_of(record).sides)
    return f"{change.side.of} {change.title}{f' with {change.side.title}' if states > 2 else ''}"


def _change_words(change: Effect, record: RunRecord) -> str:
    """E.g. "drf read dearer (app CPU/request +12.3 % [+11.0, +13.6])"."""
    word = verdict_words(change.verdict, change.measure)
    return f"{_who(change, record)} {word} ({change.measure.title} {percent_words(change.ratio)})"


def percent_words(ratio: Estimate | None) -> str:
    """A ratio as a change with its interval: "+3.1 % [+1.2, +5.0]"."""
    if ratio is None:
        return NO_FIGURE
    ends = f" [{_percent(ratio.low)}, {_percent(ratio.high)}]" if ratio.n > 1 else ""
    return f"{_percent(ratio.point)} %{ends}"


def _percent(ratio: float) -> str:
    """E.g. "+3.1"; beyond tenfold its digits say nothing more."""
    return ">+900" if ratio > 10 else f"{100 * (ratio - 1):+.1f}"


def _count(count: float | None) -> str:
    return NO_FIGURE if count is None else f"{count:.2f}"


def _compared_words(record: RunRecord) -> str:
    """Which states, of what."""
    study = study_of(record)
    told = []
    for reference in (side for side in study.sides if side.is_reference):
        others = [
            side.title
            for side in study.sides
            if side.reference == reference.name and not side.is_reference
        ]
        told.append(f"{reference.of}: {and_list(others)} against {reference.title}")
    dirty = record.provenance.get("uncommitted_sha256")
    digest = f" The working tree had uncommitted changes ({str(dirty)[:12]})." if dirty else ""
    return f"{'; '.join(told)}.{digest}"


# --- in figures -------------------------------------------------------------------------------


def deciding_table(found: Findings, record: RunRecord) -> Table:
    """App CPU per request of each operation, and its statements."""
    counted = {(statement.side.name, statement.title): statement for statement in found.statements}
    return Table(
        title="App CPU per request",
        columns=(
            *("operation", "what", "before us", "after us", "change"),
            *("verdict", "rounds needed", "queries"),
        ),
        rows=tuple(
            (
                *_named(change),
                *_figures(change),
                verdict_words(change.verdict, change.measure),
                rounds_words(change.verdict),
                _queries_words(counted.get((change.side.name, change.title))),
            )
            for change in found.deciding
        ),
        numeric=(False, False, True, True, True, False, True, True),
        caption=(
            "Change: with the interval that decides at this look; of sameness, of two one-sided "
            "tests; of a difference, of its step in Holm's method. "
            f"Beyond {study_of(record).threshold:.0%} as a whole: dearer or "
            "cheaper; within it: indistinguishable. At most 5 % of the answers of unchanged "
            "services tell of a change, and of those changed by more at most 5 % tell of none, "
            "however often was looked. "
            "Queries: statements per request."
        ),
    )


def others_table(found: Findings) -> Table:
    """The other figures: they convict, and nobody waits for them."""
    others = [change for change in found.changes if not change.is_deciding]
    marked = any(change.elsewhere and change.verdict.kind != "invalid" for change in others)
    caption = (
        "Judged with the table above, as one family. What has clearly become worse is a "
        "regression; what is inconclusive here does not keep an operation from being decided."
    )
    return Table(
        title="Database, rate, time and memory",
        columns=("operation", "what", "figure", "unit", "before", "after", "change", "verdict"),
        rows=tuple(
            (
                *_named(change),
                change.measure.title,
                change.measure.metric.unit,
                *_figures(change),
                _others_verdict(change),
            )
            for change in others
        ),
        numeric=(False, False, False, False, True, True, True, False),
        caption=f"{caption} {ELSEWHERE}" if marked else caption,
    )


def _others_verdict(change: Effect) -> str:
    """Windows too short for a figure are no matter of rounds."""
    if not change.verdict.rounds_help:
        return "windows too short"
    return verdict_words(change.verdict, change.measure, change.elsewhere)


def _named(change: Effect) -> Row:
    return (change.title, f"{change.side.of}: {change.side.title}")


def _figures(change: Effect) -> Row:
    metric = change.measure.metric
    return (metric.format(change.before), metric.format(change.after), percent_words(change.ratio))


def _queries_words(statement: StatementChange | None) -> str:
    if statement is None:
        return NO_FIGURE
    before, after = _count(statement.before), _count(statement.after)
    if not statement.differ:
        return after
    return f"{before} → {after}" if before != after else f"{after}, others"


def _statement_notes(found: Findings, record: RunRecord) -> Iterator[str]:
    """Every statement that one side sends and the other does not, or more often."""
    for statement in found.statements:
        for sign, statements in (("+", statement.more), ("-", statement.fewer)):
            for text, count in statements.items():
                short = " ".join(text.split())[:_LONGEST_STATEMENT]
                yield f"{_who(statement, record)}: {sign}{count:.2f} a request of: {short}"


def _plots(run: StoredRun, found: Findings) -> Iterator[Plot]:
    threshold = study_of(run.record).threshold
    for number, title in enumerate(
        dict.fromkeys(change.measure.title for change in found.changes), 1
    ):
        mine = [change for change in found.changes if change.measure.title == title]
        drawn = changes_plot(
            mine, styles_of(run.record), threshold, name=f"change-{number}", title=title
        )
        if drawn is not None:
            yield drawn


def _plot_words(record: RunRecord) -> str:
    return (
        f"Shaded: within {study_of(record).threshold:.0%} of no change. A verdict needs its whole "
        "interval beyond it, or within it. ← or →: the interval is wider than the plot."
    )


# --- what differed ----------------------------------------------------------------------------


def differences_tables(record: RunRecord) -> Iterator[Table]:
    """Of each target: commit, packages, settings and commands that differ; and the files."""
    study = study_of(record)
    for target in dict.fromkeys(side.of for side in study.sides):
        sides = [side for side in study.sides if side.of == target]
        rows = tuple(_differing(record, sides))
        yield Table(
            title=f"What differed: {target}",
            columns=("what", *(side.title for side in sides)),
            rows=rows,
            numeric=(False,) * (1 + len(sides)),
            caption="As the running services told it."
            if rows
            else "Nothing: the same commit, packages and settings.",
        )
    yield from _files_tables(record)


def _differing(record: RunRecord, sides: Sequence[Side]) -> Iterator[Row]:
    yield from _row("commit", [side.commit[:12] or "working tree" for side in sides])
    for section, what in (("services", ""), ("settings", "setting ")):
        facts = [_mapping(record.provenance.get(section), side.name) for side in sides]
        for name in dict.fromkeys(name for side_facts in facts for name in side_facts):
            yield from _row(
                f"{what}{name}", [str(side_facts.get(name, NO_FIGURE)) for side_facts in facts]
            )
    for name in dict.fromkeys(name for side in sides for name in side.environment):
        yield from _row(f"variable {name}", [side.environment.get(name, "") for side in sides])
    yield from _row("server", [" ".join(side.serve) for side in sides])


def _mapping(section: object, name: str) -> Mapping[str, object]:
    found = section.get(name) if isinstance(section, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _row(what: str, values: Sequence[str]) -> Iterator[Row]:
    """A row where the sides differ."""
    if len(set(values)) > 1:
        yield (what, *(value or NO_FIGURE for value in values))


def _files_tables(record: RunRecord) -> Iterator[Table]:
    changed = record.provenance.get("changed_files")
    for framework, lines in (changed if isinstance(changed, Mapping) else {}).items():
        yield Table(
            title=f"Files of {framework}",
            columns=("git diff --stat",),
            rows=tuple((str(line).strip(),) for line in lines),
            numeric=(False,),
            caption="" if lines else "None differs.",
        )
