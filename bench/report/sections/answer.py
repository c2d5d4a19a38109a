"""The answer in one screen: a sentence per target, and how far to trust it."""

from collections.abc import Sequence

from bench.analysis.diagnostics.collected import diagnostics_of
from bench.analysis.measures import measures_of
from bench.analysis.series import Series
from bench.analysis.stored import StoredRun
from bench.analysis.studies.crosscheck import agreements
from bench.analysis.studies.saturation import SaturationOutcome, cells_behind, outcomes
from bench.analysis.studies.sweep import Scaling, scalings
from bench.metrics import METRICS
from bench.model import AB, Crosscheck, Saturation, Sweep
from bench.report.document import Block, Card, Cards, Diagnostics, Prose, Section
from bench.report.facts import load_words
from bench.report.sections.crosscheck import agreement_word
from bench.report.sections.saturation import remark
from bench.report.style import styles_of
from bench.report.words import certainty_text, figure_text
from bench.stats.estimate import is_bounded
from bench.words import NO_FIGURE, and_list, capitalised, times

_HEADLINE = ("read", "mixed", "crud")
"""Which workload speaks for the others, where it was measured."""

_NO_ANSWER = "not measured"


def answer(run: StoredRun) -> Section:
    """One card per target, then every diagnostic: a figure without them is half a figure."""
    record = run.record
    title, cards, lead, behind = "The answer", _bench(run), "", record.cells
    match record.plan.study:
        case Sweep():
            cards, lead = _sweep(run), "The highest rate among the concurrencies measured."
        case Saturation() as study:
            found = outcomes(record, study)
            cards = tuple(_saturation_card(outcome, study, run) for outcome in found)
            lead = (
                f"The highest rate whose p99 latency stays within {study.objective_s * 1e3:g} ms."
            )
            behind = cells_behind(found)
        case Crosscheck():
            cards = _crosscheck(run)
        case AB():
            title, lead = "Each side alone", _bench_lead(run)
        case None:
            lead = _bench_lead(run)
    first: Block = Cards(cards) if cards else Prose("Nothing was measured in this run.")
    trust = Prose("How far to trust it:", extent="page")
    blocks = (first, trust, Diagnostics(diagnostics_of(run, behind)))
    return Section("answer", title, blocks, lead)


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
        return Card(series.target, heading, _NO_ANSWER, "", told, doubtful=True)
    metric = measures_of(run.record.plan.pacing)[0].metric
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


# --- studies ----------------------------------------------------------------------------------


def _sweep(run: StoredRun) -> tuple[Card, ...]:
    return tuple(_sweep_card(scaling, run) for scaling in scalings(run.record))


def _sweep_card(scaling: Scaling, run: StoredRun) -> Card:
    target, rate = scaling.target, METRICS["rate"]
    heading = f"{styles_of(run)[target].label} · {scaling.workload}"
    known = [
        (estimate, level) for level in scaling.levels if (estimate := rate.estimate(level.windows))
    ]
    if not known:
        return Card(target, heading, _NO_ANSWER, "", scaling.no_fit, doubtful=True)
    best, level = max(known, key=lambda pair: pair[0].point)
    peak = scaling.fit.peak_concurrency if scaling.fit else None
    law = f"The fitted law has its peak at {peak:,.0f} connections." if peak else scaling.no_fit
    return Card(
        target,
        heading,
        figure_text(rate, best),
        capitalised(certainty_text(rate, best)),
        f"With {level.concurrency} connections. {law}".strip(),
    )


def _crosscheck(run: StoredRun) -> tuple[Card, ...]:
    cards = []
    for target, style in styles_of(run).items():
        mine = [figure for figure in agreements(run.record) if figure.target == target]
        told = "; ".join(f"{figure.metric.title}: {agreement_word(figure)}" for figure in mine)
        agreed = sum(figure.outcome == "agree" for figure in mine)
        words = f"{agreed} of {len(mine)} figures agree"
        cards.append(Card(target, style.label, words, "", f"{told}.", doubtful=agreed < len(mine)))
    return tuple(cards)


def _saturation_card(outcome: SaturationOutcome, study: Saturation, run: StoredRun) -> Card:
    heading = styles_of(run)[outcome.target].label
    answered, note = outcome.answer, remark(outcome, study)
    sentence = f"{capitalised(note)}." if note else ""
    if answered is None or answered.kind == "undecided" or answered.lower_per_s is None:
        return Card(outcome.target, heading, "no answer", "", sentence, doubtful=True)
    upper = answered.upper_per_s
    return Card(
        outcome.target,
        heading,
        f"{answered.lower_per_s:,.0f} requests/s",
        "" if upper is None else f"Fails at {upper:,.0f} requests/s.",
        f"Limited by: {outcome.limited_by or NO_FIGURE}. {sentence}".strip(),
    )
