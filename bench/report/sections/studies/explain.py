"""Where a request's time goes: layers, what tuning does about the dearest, and what it comes to."""

from collections.abc import Callable, Sequence

from bench.analysis.explain import (
    DATA,
    LAYERS,
    Bill,
    Explained,
    Gain,
    LayerCost,
    bills,
    explained,
    unexplained,
)
from bench.analysis.stored import StoredRun
from bench.metrics import METRICS
from bench.model import Advice, Estimate, Explain, RunRecord
from bench.report.document import (
    Block,
    Card,
    Figure,
    Notes,
    Prose,
    Section,
    Sheet,
    Table,
    TargetCell,
)
from bench.report.plots.layers import layer_bars, waterfall
from bench.report.style import Styles, styles_of
from bench.report.words import certainty_text, figure_text
from bench.stats.estimate import is_bounded
from bench.words import NO_FIGURE, and_list, capitalised, plain

_DEAREST = 3


def explain_title(record: RunRecord, styles: Styles) -> str:
    """Names the frameworks whose ladders were climbed."""
    study = record.plan.study
    assert isinstance(study, Explain)
    frameworks = dict.fromkeys(ladder.framework for ladder in study.ladders)
    return f"{and_list([styles[name].label for name in frameworks])}: where a request's time goes"


def explain(run: StoredRun) -> Section | None:
    """None where no cost was to be explained."""
    study = run.record.plan.study
    if not isinstance(study, Explain):
        return None
    found, styles = explained(run.record), styles_of(run.record)
    blocks: list[Block] = [Prose(dearest_words(explanation, study)) for explanation in found]
    if found:
        caption = (
            "Each layer is a difference of two services that answer the same request; together "
            "they are the standard service's cost. Hover for the interval over rounds."
        )
        bars = (
            layer_bars(found, styles),
            *(waterfall(explanation, styles) for explanation in found),
        )
        blocks.append(Figure(bars, caption, layers_table(found)))
        blocks.append(Sheet(bills_table(run.record, found, study)))
        if any(explanation.gains for explanation in found):
            blocks.append(Sheet(gains_table(found)))
    notes = (
        *map(_left_out, found),
        *(f"{ladder.name}: {why}." for ladder, why in unexplained(run.record)),
    )
    if any(notes):
        blocks.append(Notes(tuple(filter(None, notes))))
    return Section("explain", "Where a request's time goes", tuple(blocks), _LEAD)


_LEAD = (
    "App CPU per request, a layer at a time. docs/explain.md says what each rung is, and what it "
    "is not."
)


def explain_cards(run: StoredRun) -> tuple[Card, ...]:
    """What a request costs, and the two layers that cost most."""
    return tuple(_card(explanation, run) for explanation in explained(run.record))


def explain_lead(_run: StoredRun) -> str:
    """The sentence above a page that explains costs."""
    return "What a request costs the app, and the layers that cost most."


def _card(explanation: Explained, run: StoredRun) -> Card:
    target, cost = explanation.ladder.framework, METRICS["app_cost"]
    first, second, *_ = explanation.dearest
    return Card(
        target,
        f"{styles_of(run.record)[target].label} · {explanation.ladder.operation}",
        figure_text(cost, explanation.total_us),
        capitalised(certainty_text(cost, explanation.total_us)),
        f"Of it {first.share.point:.0%} is {first.title}, {second.share.point:.0%} {second.title}.",
    )


def dearest_words(explanation: Explained, study: Explain) -> str:
    """The three layers that cost most, and what the tuned service does about each."""
    dearest = explanation.dearest[:_DEAREST]
    told = [_layer_words(explanation, layer, study) for layer in dearest]
    if any(layer.layer in DATA for layer in dearest):
        told += [_data_words(gain) for gain in explanation.gains if gain.group == "data"]
    ladder, total_us = explanation.ladder, explanation.total_us.point
    return (
        f"{ladder.framework}, {ladder.operation}: {total_us:,.0f} us of app CPU a request. "
        f"{' '.join(told)}"
    )


def _layer_words(explanation: Explained, layer: LayerCost, study: Explain) -> str:
    sure = "" if layer.is_told_from_nothing or layer.cost_us.n < 2 else ", if anything"
    costs = (
        f"{capitalised(layer.title)} {layer.share.point:.0%}{sure} ({layer.cost_us.point:,.0f} us)"
    )
    if layer.layer == "server" or not explanation.gains:
        return f"{costs}."
    return f"{costs}: {_advice_words(explanation, layer, study)}."


def _advice_words(explanation: Explained, layer: LayerCost, study: Explain) -> str:
    advice = _advice(explanation, layer.layer, study)
    if advice is None:
        return "the tuned service leaves it as it is"
    where = and_list([f"services/{explanation.ladder.framework}/{path}" for path in advice.where])
    gain = explanation.gain_on(layer.layer)
    alone = gain is not None and gain.group != "data"
    saves = f", which saves {_share(gain.saved)} of a request" if gain and alone else ""
    return f"tuned, {advice.does}{saves} [{where}]"


def _advice(explanation: Explained, layer: str, study: Explain) -> Advice | None:
    return next(
        (
            advice
            for advice in study.advice
            if (advice.framework, advice.layer) == (explanation.ladder.framework, layer)
        ),
        None,
    )


def _data_words(gain: Gain) -> str:
    """What is saved below the handlers, where layers cannot be told apart in the tuned service."""
    return f"All that is below the handler, tuned: {_share(gain.saved)} of a request saved."


# --- tables -----------------------------------------------------------------------------------


def layers_table(found: Sequence[Explained]) -> Table:
    """Every layer: what it costs, its share, and the two rungs whose difference it is."""
    return Table(
        title="Layers",
        columns=("operation", "framework", "layer", "app us", "share", "measured as"),
        rows=tuple(
            (
                explanation.ladder.operation,
                TargetCell(explanation.ladder.framework),
                layer.title,
                _us(layer.cost_us),
                _share(layer.share),
                _rungs(layer),
            )
            for explanation in found
            for layer in explanation.layers
        ),
        numeric=(False, False, False, True, True, False),
        caption=(
            "us: app CPU per request, mean over rounds with its 95 % interval. Share: of the "
            "standard service's cost in the same round, so the machine's speed is not in it. "
            "Measured as: the service that has the layer, less the one that lacks it."
        ),
    )


def _rungs(layer: LayerCost) -> str:
    above = " ".join(layer.above)
    return above if layer.below is None else f"{above} - {' '.join(layer.below)}"


def gains_table(found: Sequence[Explained]) -> Table:
    """What the tuned service spends where, and what it saves."""
    return Table(
        title="Tuned",
        columns=("operation", "framework", "layers", "tuned us", "saved us", "saved of a request"),
        rows=tuple(
            (
                explanation.ladder.operation,
                TargetCell(explanation.ladder.framework),
                _group_title(gain),
                _us(gain.tuned_us),
                _us(gain.saved_us),
                _share(gain.saved),
            )
            for explanation in found
            for gain in explanation.gains
        ),
        numeric=(False, False, False, True, True, True),
        caption=(
            "The tuned service has no rungs below its handlers: what lies there is set against it "
            "as a whole."
        ),
    )


def _group_title(gain: Gain) -> str:
    return "all below the handler" if gain.group == "data" else LAYERS[gain.group]


def bills_table(record: RunRecord, found: Sequence[Explained], study: Explain) -> Table:
    """What a service takes of a machine at the given load, as far as it was given."""
    rate = study.rate_per_s
    return Table(
        title="At your load",
        columns=("operation", "framework", "RPS of a core", "app cores", "database cores", "price"),
        rows=tuple(
            (explanation.ladder.operation, TargetCell(bill.target), *_bill_words(bill))
            for explanation in found
            for bill in bills(record, explanation)
        ),
        numeric=(False, False, True, True, True, True),
        caption=(
            f"Each core is busy for {study.utilisation:.0%} of the time. "
            + (f"Cores: for {rate:g} requests/s. " if rate else "Cores: with RATE=. ")
            + (
                f"Price: of a million requests at {study.core_hour:g} a core-hour, app and "
                "database together."
                if study.core_hour
                else "Price of a million requests: with CORE_HOUR=."
            )
        ),
    )


def _bill_words(bill: Bill) -> tuple[str, ...]:
    return (
        _figure(bill.rate_per_core, lambda value: f"{value:,.0f}"),
        *(
            _figure(estimate, plain)
            for estimate in (bill.app_cores, bill.database_cores, bill.per_million)
        ),
    )


def _us(estimate: Estimate) -> str:
    return _figure(estimate, lambda value: f"{value:z,.0f}")


def _share(estimate: Estimate) -> str:
    return _figure(estimate, lambda value: f"{value:z.0%}")


def _figure(estimate: Estimate | None, words: Callable[[float], str]) -> str:
    """E.g. "310 [290, 330]"; the point alone when one round gives no interval."""
    if estimate is None:
        return NO_FIGURE
    if not is_bounded(estimate):
        return words(estimate.point)
    return f"{words(estimate.point)} [{words(estimate.low)}, {words(estimate.high)}]"


def _left_out(explanation: Explained) -> str:
    if not explanation.left_out:
        return ""
    rounds = ", ".join(map(str, explanation.left_out))
    return (
        f"{explanation.ladder.name}: left out round {rounds}, in which some rung was unfit, or "
        "must not be used."
    )
