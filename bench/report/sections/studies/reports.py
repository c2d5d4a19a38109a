"""What is told of each kind of run beside its own section: the one place that tells them apart."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.analysis.stored import StoredRun
from bench.analysis.studies.ab import answer_data
from bench.model import (
    AB,
    CellResult,
    Crosscheck,
    Explain,
    PlainBench,
    RunRecord,
    Saturation,
    Sweep,
)
from bench.report.document import Card
from bench.report.sections.studies.ab import ab_title
from bench.report.sections.studies.bench import bench_cards, bench_lead
from bench.report.sections.studies.crosscheck import crosscheck_cards
from bench.report.sections.studies.explain import explain_cards, explain_lead, explain_title
from bench.report.sections.studies.saturation import (
    saturation_cards,
    saturation_cells,
    saturation_lead,
)
from bench.report.sections.studies.scalability import sweep_cards, sweep_lead
from bench.report.style import Styles
from bench.words import and_list

_MOST_NAMED = 4


def _no_lead(_run: StoredRun) -> str:
    return ""


def _all_cells(run: StoredRun) -> Sequence[CellResult]:
    return run.record.cells


def _under_load(record: RunRecord, styles: Styles) -> str:
    """Names the targets, or where they are many the frameworks that they are of."""
    if len(styles) <= _MOST_NAMED:
        return f"{and_list([style.label for style in styles.values()])} under load"
    labels: dict[str, str] = {}
    for name in styles:
        target = record.target(name)
        labels.setdefault(target.framework, target.label)
    return f"{len(styles)} targets of {and_list(list(labels.values()))} under load"


@dataclass(frozen=True)
class StudyReport:
    """What was found as `cards`, the `lead` above them, and the `cells` that are behind it.

    `answer_title` stands above these, `title` makes the page's. `data` is what programs get of it
    (FORMAT=json), where that is more than its figures.
    """

    cards: Callable[[StoredRun], tuple[Card, ...]]
    lead: Callable[[StoredRun], str] = _no_lead
    cells: Callable[[StoredRun], Sequence[CellResult]] = _all_cells
    answer_title: str = "The answer"
    title: Callable[[RunRecord, Styles], str] = _under_load
    data: Callable[[RunRecord], Mapping[str, object]] | None = None


_REPORTS: dict[type[Any], StudyReport] = {
    PlainBench: StudyReport(bench_cards, bench_lead),
    Sweep: StudyReport(sweep_cards, sweep_lead),
    Saturation: StudyReport(saturation_cards, saturation_lead, saturation_cells),
    Crosscheck: StudyReport(crosscheck_cards),
    Explain: StudyReport(explain_cards, explain_lead, title=explain_title),
    AB: StudyReport(
        bench_cards, bench_lead, answer_title="Each side alone", title=ab_title, data=answer_data
    ),
}
"""By what was studied."""


def report_of(record: RunRecord) -> StudyReport:
    """What is told of this kind of run."""
    return _REPORTS[type(record.plan.design)]
