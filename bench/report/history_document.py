"""The page of a history: `results/history.html`."""

from collections.abc import Container, Iterator

from bench.analysis.history import History
from bench.model import Diagnostic
from bench.report.facts import load_words, machine_line
from bench.report.history_page import (
    change_table,
    notes,
    outcome_line,
    title_words,
    trend_table,
    witness_diagnostics,
)
from bench.report.html.document import Block, Diagnostics, Document, Figure, Prose, Section, Sheet
from bench.report.index import runs_block, summary_of
from bench.report.look import looks
from bench.report.plots.trends import trend_plot


def history_document(history: History, pages: Container[str]) -> Document:
    """What changed, every trend with its figures, the runs it is made of.

    `pages` holds the ids of runs that have a page of their own.
    """
    return Document(
        title=title_words(history),
        facts=(machine_line(history.reference), f"Each run: {load_words(history.reference.plan)}."),
        sections=(_outcome(history), *_trends(history), _runs(history, pages)),
        targets=tuple(looks(trend.target for trend in history.trends)),
    )


def _outcome(history: History) -> Section:
    blocks: list[Block] = [Prose(outcome_line(history))]
    if any(trend.changes for trend in history.trends):
        blocks.append(Sheet(change_table(history)))
    diagnostics = tuple(
        (Diagnostic("machine", text, "Measure again at a quieter time.", "doubt"), 1)
        for text in witness_diagnostics(history)
    )
    if diagnostics:
        blocks.append(Diagnostics(diagnostics))
    blocks.extend(Prose(note) for note in notes(history))
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
                looks(trend.target for trend in mine),
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
    newest_first = [summary_of(run, has_page=run.run_id in pages) for run in reversed(history.runs)]
    return Section("runs", "The runs", (runs_block(newest_first),))
