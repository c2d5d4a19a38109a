"""The answer in one screen: a sentence per target, and how far to trust it."""

from bench.analysis.diagnostics.collected import diagnostics_of
from bench.analysis.stored import StoredRun
from bench.report.document import Block, Cards, Diagnostics, Prose, Section
from bench.report.sections.studies.reports import report_of


def answer(run: StoredRun) -> Section:
    """One card per target, then every diagnostic: a figure without them is half a figure."""
    told = report_of(run.record)
    cards = told.cards(run)
    first: Block = Cards(cards) if cards else Prose("Nothing was measured in this run.")
    trust = Prose("How far to trust it:", extent="page")
    blocks = (first, trust, Diagnostics(diagnostics_of(run, told.cells(run))))
    return Section("answer", told.answer_title, blocks, told.lead(run))
