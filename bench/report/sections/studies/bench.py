"""A bench in one screen: a sentence per target, of the operation that speaks for the others."""

from collections.abc import Sequence

from bench.analysis.measures import main_measure
from bench.analysis.series import Series
from bench.analysis.stored import StoredRun
from bench.metrics import METRICS
from bench.report.document import Card
from bench.report.facts import load_words
from bench.report.style import styles_of
from bench.report.words import NOT_MEASURED, certainty_text, figure_text
from bench.stats.estimate import is_bounded
from bench.words import and_list, capitalised, times

_HEADLINE = ("read", "mixed", "crud")
"""Which workload speaks for the others, where it was measured."""


def _headline(found: Sequence[Series]) -> str:
    """The title of the operation that stands in the cards."""
    measured = [series for series in found if series.windows]
    wanted = [series for name in _HEADLINE for series in measured if series.workload == name]
    return next((series.title for series in (*wanted, *measured)), "")


def bench_lead(run: StoredRun) -> str:
    """Which operation stands in the cards, and that others follow."""
    operation = _headline(run.series)
    others = sorted({series.title for series in run.series if series.windows} - {operation})
    told = f" Figures of {and_list(others)} follow below." if others else ""
    what = f"Operation {operation}, {load_words(run.record.plan)}." if operation else ""
    return f"{what}{told}"


def bench_cards(run: StoredRun) -> tuple[Card, ...]:
    """One for each target: the main figure of one operation, its cost, and what limited it."""
    operation = _headline(run.series)
    by_target = {series.target: series for series in run.series if series.title == operation}
    failed = {series.target: series for series in run.series if not series.windows}
    found = [by_target.get(name) or failed.get(name) for name in run.record.plan.targets]
    return tuple(_card(series, run) for series in found if series is not None)


def _card(series: Series, run: StoredRun) -> Card:
    heading = f"{styles_of(run.record)[series.target].label} · {series.title}"
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
