"""The answer in one screen: a sentence per target, and how far to trust it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bench.analysis.diagnostics.collected import diagnostics_of
from bench.analysis.measures import main_measure
from bench.analysis.series import Series
from bench.analysis.stored import StoredRun
from bench.metrics import METRICS
from bench.model import AB, CellResult, Crosscheck, Explain, Saturation, Sweep
from bench.report.document import Block, Card, Cards, Diagnostics, Prose, Section
from bench.report.facts import load_words
from bench.report.sections.studies.crosscheck import crosscheck_cards
from bench.report.sections.studies.explain import explain_cards, explain_lead
from bench.report.sections.studies.saturation import (
    saturation_cards,
    saturation_cells,
    saturation_lead,
)
from bench.report.sections.studies.scalability import sweep_cards, sweep_lead
from bench.report.style import styles_of
from bench.report.words import NOT_MEASURED, certainty_text, figure_text
from bench.stats.estimate import is_bounded
from bench.words import and_list, capitalised, times

_HEADLINE = ("read", "mixed", "crud")
"""Which workload speaks for the others, where it was measured."""


def _no_lead(_run: StoredRun) -> str:
    return ""


def _all_cells(run: StoredRun) -> Sequence[CellResult]:
    return run.record.cells


@dataclass(frozen=True)
class StudyAnswer:
    """What a study found as `cards`, the `lead` above them, and the `cells` that are behind it."""

    cards: Callable[[StoredRun], tuple[Card, ...]]
    lead: Callable[[StoredRun], str] = _no_lead
    cells: Callable[[StoredRun], Sequence[CellResult]] = _all_cells
    title: str = "The answer"


def answer(run: StoredRun) -> Section:
    """One card per target, then every diagnostic: a figure without them is half a figure."""
    study = run.record.plan.study
    told = _BENCH if study is None else STUDIES[type(study)]
    cards = told.cards(run)
    first: Block = Cards(cards) if cards else Prose("Nothing was measured in this run.")
    trust = Prose("How far to trust it:", extent="page")
    blocks = (first, trust, Diagnostics(diagnostics_of(run, told.cells(run))))
    return Section("answer", told.title, blocks, told.lead(run))


# --- a bench ----------------------------------------------------------------------------------


def _headline(found: Sequence[Series]) -> str:
    """The title of the operation that stands in the cards."""
    measured = [series for series in found if series.windows]
    wanted = [series for name in _HEADLINE for series in measured if series.workload == name]
    return next((series.title for series in (*wanted, *measured)), "")


def _bench_lead(run: StoredRun) -> str:
    operation = _headline(run.series)
    others = sorted({series.title for series in run.series if series.windows} - {operation})
    told = f" Figures of {and_list(others)} follow below." if others else ""
    what = f"Operation {operation}, {load_words(run.record.plan)}." if operation else ""
    return f"{what}{told}"


def _bench(run: StoredRun) -> tuple[Card, ...]:
    operation = _headline(run.series)
    by_target = {series.target: series for series in run.series if series.title == operation}
    failed = {series.target: series for series in run.series if not series.windows}
    found = [by_target.get(name) or failed.get(name) for name in run.record.plan.targets]
    return tuple(_card(series, run) for series in found if series is not None)


def _card(series: Series, run: StoredRun) -> Card:
    heading = f"{styles_of(run)[series.target].label} · {series.title}"
    if not series.windows:
        told = f"It is unfit: {series.unfit[0].splitlines()[0]}"
        return Card(series.target, heading, NOT_MEASURED, "", told, doubtful=True)
    metric = main_measure(run.record.plan.pacing).metric
    estimate = metric.estimate(series.usable)
    name = f"{metric.title} " if estimate and metric.name != "rate" else ""
    return Card(
        series.target,
        heading,
        f"{name}{figure_text(metric, estimate)}",
        capitalised(certainty_text(metric, estimate)),
        f"{_cost_sentence(series)} {_limit_sentence(series)}{_invalid_sentence(series)}",
        doubtful=estimate is None or bool(series.invalid_count),
    )


def _cost_sentence(series: Series) -> str:
    parts = []
    for role, name in (("the app", "app_cost"), ("PostgreSQL", "database_cost")):
        estimate = METRICS[name].estimate(series.usable)
        if estimate is not None:
            half = (estimate.high - estimate.low) / 2
            sure = f" ± {METRICS[name].format(half)}" if is_bounded(estimate) else ""
            parts.append(f"{METRICS[name].format(estimate.point)}{sure} us in {role}")
    return f"Each request costs {and_list(parts)}." if parts else ""


def _limit_sentence(series: Series) -> str:
    limits = [window.limited_by for window in series.usable if window.limited_by]
    if not limits:
        return ""
    counted = {limit: limits.count(limit) for limit in dict.fromkeys(limits)}
    if len(counted) == 1:
        return f"Limited by: {limits[0]}."
    told = [f"{limit} in {times(count, 'round')}" for limit, count in counted.items()]
    return f"Limited by: {and_list(told)}."


def _invalid_sentence(series: Series) -> str:
    invalid = series.invalid_count
    if not invalid:
        return ""
    if invalid == len(series.windows):
        return " No round is valid, and no figure here must be used: see the diagnostics."
    rounds = times(len(series.windows), "round")
    return f" {invalid} of {rounds} invalid and left out: see the diagnostics."


_BENCH = StudyAnswer(_bench, _bench_lead)

STUDIES: dict[type[Any], StudyAnswer] = {
    Sweep: StudyAnswer(sweep_cards, sweep_lead),
    Saturation: StudyAnswer(saturation_cards, saturation_lead, saturation_cells),
    Crosscheck: StudyAnswer(crosscheck_cards),
    Explain: StudyAnswer(explain_cards, explain_lead),
    AB: StudyAnswer(_bench, _bench_lead, title="Each side alone"),
}
"""By what was studied."""
