"""The answer in one screen: a sentence per target, and how far to trust it."""

from collections.abc import Sequence

from bench.analysis.diagnostics.collected import diagnostics_of
from bench.analysis.measures import measures_of
from bench.analysis.series import Series
from bench.analysis.stored import StoredRun
from bench.analysis.studies.crosscheck import agreements
from bench.analysis.studies.saturation import SaturationOutcome, cells_behind, outcomes
from bench.analysis.studies.sweep import Scaling, scalings
from bench.analysis.validity import is_invalid
from bench.metrics import METRICS
from bench.model import Crosscheck, RunRecord, Saturation, Sweep
from bench.report.crosscheck import agreement_word, outcome_words
from bench.report.facts import load_words, placement_words
from bench.report.html.document import Block, Card, Cards, Diagnostics, Prose, Section
from bench.report.look import looks_of
from bench.report.saturation import remark
from bench.report.words import interval_text
from bench.stats.estimate import is_bounded
from bench.words import NO_FIGURE, and_list, times

_HEADLINE = ("read", "mixed", "crud")
"""Which workload speaks for the others, where it was measured."""

_NO_ANSWER = "not measured"


def answer(run: StoredRun) -> Section:
    """One card per target, then every diagnostic: a figure without them is half a figure."""
    record = run.record
    cards, lead, behind = _bench(run), "", record.cells
    match record.plan.study:
        case Sweep():
            cards, lead = _sweep(run), "The highest rate among the concurrencies measured."
        case Saturation() as study:
            found = outcomes(record, study)
            cards = tuple(_saturation_card(one, study, run) for one in found)
            lead = (
                f"The highest rate whose p99 latency stays within {study.objective_s * 1e3:g} ms."
            )
            behind = cells_behind(found)
        case Crosscheck():
            cards, lead = _crosscheck(run), outcome_words(agreements(record))
        case None:
            lead = _bench_lead(run)
    first: Block = Cards(cards) if cards else Prose("Nothing was measured in this run.")
    blocks = (first, Prose(_trust(record)), Diagnostics(diagnostics_of(run, behind)))
    return Section("answer", "The answer", blocks, lead)


def _trust(record: RunRecord) -> str:
    """Rounds and supervisor: what stands between these figures and the truth."""
    plan, rounds = record.plan, len({cell.round for cell in record.cells})
    counted = "" if isinstance(plan.study, Saturation) else f"{times(rounds, 'round')}. "
    return (
        f"{counted}Supervisor: {record.supervisor}. {placement_words(record.placement)}. "
        "How far to trust it:"
    ).replace(". app", ". App")


# --- a bench ----------------------------------------------------------------------------------


def _headline(found: Sequence[Series]) -> str:
    """The operation that stands in the cards."""
    operations = list(dict.fromkeys(one.title for one in found if one.windows))
    wanted = [one for name in _HEADLINE for one in operations if one.partition(":")[0] == name]
    return next(iter([*wanted, *operations]), "")


def _bench_lead(run: StoredRun) -> str:
    operation = _headline(run.series)
    others = sorted({one.title for one in run.series if one.windows} - {operation})
    told = f" Figures of {and_list(others)} follow below." if others else ""
    what = f"Operation {operation}, {load_words(run.record.plan)}." if operation else ""
    return f"{what}{told}"


def _bench(run: StoredRun) -> tuple[Card, ...]:
    operation = _headline(run.series)
    by_target = {one.target: one for one in run.series if one.title == operation}
    failed = {one.target: one for one in run.series if not one.windows}
    found = [by_target.get(name) or failed.get(name) for name in run.record.plan.targets]
    return tuple(_card(one, run) for one in found if one is not None)


def _card(one: Series, run: StoredRun) -> Card:
    heading = f"{looks_of(run)[one.target].label} · {one.title}"
    if not one.windows:
        reason = one.unfit[0].splitlines()[0]
        return Card(one.target, heading, _NO_ANSWER, "", f"It is unfit: {reason}", doubtful=True)
    metric = measures_of(run.record.plan.pacing)[0].metric
    estimate = metric.estimate(one.usable)
    name = "" if metric.name == "rate" else f"{metric.title} "
    interval = _interval(interval_text(metric, estimate)) if estimate else ""
    sentence = f"{_cost_sentence(one)} {_limit_sentence(one)}{_invalid_sentence(one)}"
    return Card(
        one.target,
        heading,
        f"{name}{metric.format(estimate.point)} {metric.unit}" if estimate else "too few answers",
        interval,
        sentence,
        doubtful=estimate is None or any(map(is_invalid, one.windows)),
    )


def _interval(told: str) -> str:
    """What stands behind the figure, e.g. "95 % interval 1,173 to 1,235, 4 rounds"."""
    words = told.partition(", ")[2]
    return words[:1].upper() + words[1:]


def _cost_sentence(one: Series) -> str:
    parts = []
    for role, name in (("the app", "app_cost"), ("PostgreSQL", "database_cost")):
        estimate = METRICS[name].estimate(one.usable)
        if estimate is not None:
            half = (estimate.high - estimate.low) / 2
            sure = f" ± {METRICS[name].format(half)}" if is_bounded(estimate) else ""
            parts.append(f"{METRICS[name].format(estimate.point)}{sure} us in {role}")
    return f"Each request costs {and_list(parts)}." if parts else ""


def _limit_sentence(one: Series) -> str:
    limits = [window.limited_by for window in one.usable if window.limited_by]
    if not limits:
        return ""
    counted = {limit: limits.count(limit) for limit in dict.fromkeys(limits)}
    if len(counted) == 1:
        return f"Limited by: {limits[0]}."
    told = [f"{limit} in {times(count, 'round')}" for limit, count in counted.items()]
    return f"Limited by: {and_list(told)}."


def _invalid_sentence(one: Series) -> str:
    invalid = sum(map(is_invalid, one.windows))
    if not invalid:
        return ""
    if invalid == len(one.windows):
        return " No round is valid, and no figure here must be used: see the diagnostics."
    rounds = times(len(one.windows), "round")
    return f" {invalid} of {rounds} invalid and left out: see the diagnostics."


# --- studies ----------------------------------------------------------------------------------


def _sweep(run: StoredRun) -> tuple[Card, ...]:
    return tuple(_sweep_card(one, run) for one in scalings(run.record))


def _sweep_card(one: Scaling, run: StoredRun) -> Card:
    heading = f"{looks_of(run)[one.target].label} · {one.workload}"
    rate = METRICS["rate"]
    known = [
        (estimate, level) for level in one.levels if (estimate := rate.estimate(level.windows))
    ]
    if not known:
        return Card(one.target, heading, _NO_ANSWER, "", one.no_fit, doubtful=True)
    best, level = max(known, key=lambda pair: pair[0].point)
    peak = one.fit.peak_concurrency if one.fit else None
    law = f"The fitted law has its peak at {peak:,.0f} connections." if peak else one.no_fit
    return Card(
        one.target,
        heading,
        f"{rate.format(best.point)} {rate.unit}",
        _interval(interval_text(rate, best)),
        f"With {level.concurrency} connections. {law}".strip(),
    )


def _crosscheck(run: StoredRun) -> tuple[Card, ...]:
    cards = []
    for target, look in looks_of(run).items():
        mine = [one for one in agreements(run.record) if one.target == target]
        told = "; ".join(f"{one.metric.title}: {agreement_word(one)}" for one in mine)
        agreed = sum(one.outcome == "agree" for one in mine)
        figure = f"{agreed} of {len(mine)} figures agree"
        cards.append(Card(target, look.label, figure, "", f"{told}.", doubtful=agreed < len(mine)))
    return tuple(cards)


def _saturation_card(one: SaturationOutcome, study: Saturation, run: StoredRun) -> Card:
    heading = looks_of(run)[one.target].label
    told = one.answer
    note = remark(one, study)
    sentence = f"{note[0].upper()}{note[1:]}." if note else ""
    if told is None or told.kind == "undecided" or told.lower_per_s is None:
        return Card(one.target, heading, "no answer", "", sentence, doubtful=True)
    above = "" if told.upper_per_s is None else f"Fails at {told.upper_per_s:,.0f} requests/s. "
    return Card(
        one.target,
        heading,
        f"{told.lower_per_s:,.0f} requests/s",
        above.strip(),
        f"Limited by: {one.limited_by or NO_FIGURE}. {sentence}".strip(),
    )
