"""The report of a history: `results/history.html`, and the same on a terminal."""

from collections import Counter
from collections.abc import Container, Iterator, Sequence

from bench.analysis.comparison import DRIFT, drifted
from bench.analysis.differences import Difference
from bench.analysis.history import ERROR, WORTH_SEEING, Change, History, Trend
from bench.model import Diagnostic
from bench.report.document import (
    Block,
    Diagnostics,
    Document,
    Figure,
    Notes,
    Prose,
    Row,
    Runs,
    Section,
    Sheet,
    Table,
    TargetCell,
)
from bench.report.facts import fact_line, load_words, machine_fact, placement_words
from bench.report.index import run_row
from bench.report.plots.trends import trend_plot
from bench.report.style import Styles, styles
from bench.stats.changes import FEWEST
from bench.words import NO_FIGURE, interval_words, p_words, plain, times

_MOST_DIFFERENCES = 4
_LONGEST_VALUE = 12


def history_document(history: History, pages: Container[str] = ()) -> Document:
    """What changed, every trend with its figures, the runs it is made of.

    `pages` holds the ids of runs that have a page of their own.
    """
    reference = history.reference
    plan = load_words(reference.plan)
    return Document(
        title=f"History of {times(len(history.runs), 'run')}",
        facts=(
            fact_line(machine_fact(reference)),
            f"Each run: {plan}; {placement_words(reference.placement)}.",
        ),
        sections=(_outcome(history), *_trends(history), _runs(history, pages)),
        styles=_styles(history, history.trends),
    )


def _styles(history: History, trends: Sequence[Trend]) -> Styles:
    """Of the targets of these trends, as the latest run that had each has recorded it."""
    latest = {name: run.target(name) for run in history.runs for name in run.plan.targets}
    return styles(latest[name] for name in dict.fromkeys(trend.target for trend in trends))


def _outcome(history: History) -> Section:
    blocks: list[Block] = [Prose(outcome_line(history))]
    if any(trend.changes for trend in history.trends):
        blocks.append(Sheet(change_table(history)))
    if doubtful := tuple(_drifts(history)):
        blocks.append(Diagnostics(tuple((diagnostic, 1) for diagnostic in doubtful)))
    blocks.append(Notes(tuple(_notes(history))))
    return Section("outcome", "What changed", tuple(blocks))


def _trends(history: History) -> Iterator[Section]:
    run_ids = [run.run_id for run in history.runs]
    measures = list(dict.fromkeys(trend.measure for trend in history.trends))
    for place, measure in enumerate(measures, 1):
        mine = [trend for trend in history.trends if trend.measure is measure]
        titles = dict.fromkeys(trend.title for trend in mine)
        plots = tuple(
            trend_plot(
                f"trend-{place}-{number}",
                [trend for trend in mine if trend.title == title],
                run_ids,
                _styles(history, mine),
            )
            for number, title in enumerate(titles, 1)
        )
        caption = (
            "Each point is a run, with the 95 % interval over its rounds; runs stand side by side "
            "however long the time between them. Bands: the means between changes. Dashed: a "
            "change. ×: a run without this figure. ↓ or ↑: the interval goes on "
            "beyond the plot; hover its point. Equal ratios have equal heights."
        )
        yield Section(
            f"trend-{place}",
            measure.title,
            (Figure(plots, caption), Sheet(trend_table(history, measure.title), folded=True)),
        )


def _runs(history: History, pages: Container[str]) -> Section:
    newest_first = reversed(history.runs)
    rows = tuple(run_row(run, has_page=run.run_id in pages) for run in newest_first)
    return Section("runs", "The runs", (Runs(rows),))


def outcome_line(history: History) -> str:
    """Whether anything changed; or that there are too few runs to tell."""
    longest = max((len(trend.points) for trend in history.trends), default=0)
    if longest < FEWEST:
        return (
            f"Too few runs to look for changes: there are {longest} of a figure, it takes at "
            f"least {FEWEST}. Make more: make bench."
        )
    changed = sum(len(trend.changes) for trend in history.trends)
    searched = sum(len(trend.points) >= FEWEST for trend in history.trends)
    found = "No change was" if not changed else f"{times(changed, 'change')} {_was(changed)}"
    return f"{found} found in {times(searched, 'trend')}."


def trend_table(history: History, measure_title: str) -> Table:
    """One row per operation and framework: first and latest figure, and what could be seen."""
    trends = [trend for trend in history.trends if trend.measure.title == measure_title]
    unit = trends[0].measure.metric.unit
    return Table(
        title=f"Trend of {measure_title}",
        columns=(
            *("operation", "framework", "runs", f"first {unit}", f"latest {unit}"),
            *("changes", "visible", f"runs for {WORTH_SEEING:.0%}"),
        ),
        rows=tuple(map(_trend_row, trends)),
        numeric=(False, False, True, True, True, True, True, True),
        caption=(
            "± half of a run's 95 % interval over its rounds. Visible: the smallest lasting change "
            "that so many runs with this scatter show, half of the time. The last column: how many "
            f"runs would show one of {WORTH_SEEING:.0%}."
        ),
    )


def _trend_row(trend: Trend) -> Row:
    metric = trend.measure.metric
    gaps = f" (+{times(len(trend.gaps), 'gap')})" if trend.gaps else ""
    return (
        trend.title,
        TargetCell(trend.target),
        f"{len(trend.points)}{gaps}",
        metric.format_interval(trend.points[0].estimate) if trend.points else NO_FIGURE,
        metric.format_interval(trend.points[-1].estimate) if trend.points else NO_FIGURE,
        str(len(trend.changes)) if len(trend.points) >= FEWEST else "too few",
        NO_FIGURE if trend.smallest_visible is None else f"{trend.smallest_visible:.0%}",
        _needed_words(trend),
    )


def _needed_words(trend: Trend) -> str:
    if trend.runs_needed is not None:
        return str(trend.runs_needed)
    return f"at least {FEWEST}" if len(trend.points) < FEWEST else "over 1,000"


def change_table(history: History) -> Table:
    """Every change: when, how much, how sure, and what else changed then."""
    rows = [
        (
            trend.title,
            TargetCell(trend.target),
            change.after,
            f"{change.word}: {trend.measure.title} {interval_words(change.ratio)} x",
            p_words(change.p_value),
            witness_words(change),
        )
        for trend in history.trends
        for change in trend.changes
    ]
    return Table(
        title="Changes",
        columns=("operation", "framework", "from run", "change", "p", "database"),
        rows=tuple(rows),
        numeric=(False, False, False, False, True, True),
        caption=(
            "After / before, means of all runs between changes, with 95 % intervals that know "
            "nothing of the search. Database: after / before of its CPU per request for the same "
            f"queries; beyond {DRIFT:.0%} the machine itself has changed."
        ),
    )


def witness_words(change: Change) -> str:
    """The database's change, and whether it points at the machine."""
    if change.witness is None:
        return NO_FIGURE
    return f"{plain(change.witness)}{' (machine?)' if drifted(change.witness) else ''}"


def _drifts(history: History) -> Iterator[Diagnostic]:
    """Changes at which the database, asked the same, changed too."""
    for trend in history.trends:
        for change in trend.changes:
            if change.witness is not None and drifted(change.witness):
                yield Diagnostic(
                    "machine",
                    f"{trend.target} {trend.title}, {trend.measure.title}, from run {change.after} "
                    f"on: the database's CPU per request changed too, by {plain(change.witness)} x",
                    "Measure again at a quieter time.",
                )


def _notes(history: History) -> Iterator[str]:
    """What differed at each change, what is missing, what was left out, and the error rate."""
    told: set[tuple[str, str]] = set()
    for change in (change for trend in history.trends for change in trend.changes):
        if (change.before, change.after) not in told:
            told.add((change.before, change.after))
            yield f"Between {change.before} and {change.after}: {_differing_words(change)}"
    gaps = Counter(
        f"{gap.run_id}, {trend.target}: {gap.reason}"
        for trend in history.trends
        for gap in trend.gaps
    )
    yield from (f"Gap: {text}." for text in gaps)
    left_out = Counter(left.reason for left in history.left_out)
    if left_out:
        listed = ", ".join(f"{reason} ({count})" for reason, count in left_out.items())
        yield f"Left out, as not comparable with {history.reference.run_id}: {listed}."
    yield (
        f"In a history without a change, one is found with a chance of at most {ERROR:.0%} over "
        "all trends, if runs scatter independently. Slow hours of a machine make neighbours "
        "alike, and false changes likelier: look at the database's column, and measure again."
    )


def _differing_words(change: Change) -> str:
    if not change.differing:
        return "nothing that is recorded differs."
    first = "; ".join(map(_difference_words, change.differing[:_MOST_DIFFERENCES]))
    more = len(change.differing) - _MOST_DIFFERENCES
    return f"{first}{f'; and {more} more' if more > 0 else ''}."


def _difference_words(difference: Difference) -> str:
    """A fact with its values, long ones (hashes) by their beginning."""
    base, head = (
        value if len(value) <= _LONGEST_VALUE else value[:_LONGEST_VALUE]
        for value in (difference.base, difference.head)
    )
    return f"{difference.name} {base} -> {head}"


def _was(count: int) -> str:
    return "was" if count == 1 else "were"
