"""Of what the cost of a request is made: layers, what tuning does about them, and what it comes to.

All of it is app CPU per request, from differences of rungs that took turns within a round. A
difference is made in each round, and the interval is over rounds. Shares are of the standard
service's cost in the same round: the machine's speed, which changes from round to round, is not in
them. Pure: records in, figures out.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bench.analysis.validity import usable
from bench.metrics import METRICS
from bench.model import Estimate, Explain, Ladder, PhaseResult, Rung, RunRecord
from bench.stats.estimate import mean_estimate

LAYERS: Mapping[str, str] = {
    "server": "server",
    "framework": "framework",
    "threads": "hand-over to a thread",
    "validation": "body and validation",
    "driver": "driver and its statement",
    "core": "database layer",
    "orm": "ORM and session",
    "serializers": "serializers and generic views",
    "check": "check of the connection",
}
"""Every layer by its key, from the bottom up, with its title."""

DATA = ("threads", "driver", "core", "orm", "serializers", "check")
"""What lies below a handler. A tuned service has it all in one rung, `data`."""

GROUPS: Mapping[str, tuple[str, ...]] = {
    "server": ("server",),
    "framework": ("framework",),
    "validation": ("validation",),
    "data": DATA,
}
"""What can be set against the tuned service, and a profile: coarser than the layers."""

_S_PER_HOUR = 3600.0
_REQUESTS = 1_000_000


@dataclass(frozen=True)
class LayerCost:
    """What a layer costs, in CPU microseconds of the app per request, and as a share of all.

    `below` and `above` are the rungs whose difference it is: (target, workload), None below the
    server.
    """

    layer: str
    cost_us: Estimate
    share: Estimate
    below: tuple[str, str] | None
    above: tuple[str, str]

    @property
    def title(self) -> str:
        """The layer in words, as tables have it."""
        return LAYERS[self.layer]

    @property
    def is_told_from_nothing(self) -> bool:
        """Whether its interval lies above 0: only then has it been seen to cost anything."""
        return self.share.low > 0


@dataclass(frozen=True)
class Gain:
    """What the tuned service spends on a group of layers, and what that saves of a request.

    `saved` is the difference as a share of the standard service's whole cost.
    """

    group: str
    layers: tuple[str, ...]
    tuned_us: Estimate
    saved_us: Estimate
    saved: Estimate


@dataclass(frozen=True)
class Explained:
    """One framework and operation. `total_us` is the standard service's app CPU per request.

    `left_out` are rounds that could not be used, because some rung of them was invalid or unfit.
    """

    ladder: Ladder
    layers: tuple[LayerCost, ...]
    total_us: Estimate
    gains: tuple[Gain, ...]
    tuned_us: Estimate | None
    rounds: tuple[int, ...]
    left_out: tuple[int, ...]

    @property
    def dearest(self) -> tuple[LayerCost, ...]:
        """The layers that cost most, the dearest first."""
        return tuple(sorted(self.layers, key=lambda layer: -layer.share.point))

    def gain_on(self, layer: str) -> Gain | None:
        """What the tuned service gains where this layer is; None where it was not measured."""
        return next((gain for gain in self.gains if layer in gain.layers), None)


_Costs = Mapping[tuple[str, str], float]
"""The cost of each (target, workload) in one round."""


def explained(record: RunRecord) -> tuple[Explained, ...]:
    """Every ladder of the run of which some round is whole, in plan order."""
    study = record.plan.study
    if not isinstance(study, Explain):
        return ()
    found = (_explained(record, ladder) for ladder in study.ladders)
    return tuple(explanation for explanation in found if explanation is not None)


def unexplained(record: RunRecord) -> tuple[tuple[Ladder, str], ...]:
    """The ladders of which no round is whole, each with why."""
    study = record.plan.study
    if not isinstance(study, Explain):
        return ()
    known = {explanation.ladder.name for explanation in explained(record)}
    return tuple(
        (ladder, _why_not(record, ladder)) for ladder in study.ladders if ladder.name not in known
    )


def _why_not(record: RunRecord, ladder: Ladder) -> str:
    unfit = [cell for cell in record.cells if cell.ladder == ladder.name and cell.unfit]
    if unfit:
        return f"{unfit[0].target} was not measured: {unfit[0].unfit.splitlines()[0]}"
    return "no round has all of its rungs with a figure that may be used"


def _explained(record: RunRecord, ladder: Ladder) -> Explained | None:
    app = _by_round(record, ladder, "app_cost")
    whole = {number: costs for number, costs in app.items() if set(ladder.cells) <= set(costs)}
    if not whole:
        return None
    costs = list(whole.values())
    top = _cell(ladder.rungs[-1])
    return Explained(
        ladder=ladder,
        layers=_layers(ladder, costs),
        total_us=_over(costs, lambda paid: paid[top]),
        gains=_gains(ladder, costs),
        tuned_us=_over(costs, lambda paid: paid[_cell(ladder.tuned[-1])]) if ladder.tuned else None,
        rounds=tuple(whole),
        left_out=tuple(number for number in app if number not in whole),
    )


def _by_round(
    record: RunRecord, ladder: Ladder, metric: str
) -> dict[int, dict[tuple[str, str], float]]:
    """The ladder's costs by round, of the cells that may be used."""
    found: dict[int, dict[tuple[str, str], float]] = {}
    for cell in record.cells:
        if cell.ladder != ladder.name:
            continue
        costs = found.setdefault(cell.round, {})
        window = next(filter(None, (usable(cell, phase.phase) for phase in cell.phases)), None)
        value = _value(metric, window)
        if value is not None:
            costs[cell.target, cell.workload] = value
    return found


def _value(metric: str, window: PhaseResult | None) -> float | None:
    return None if window is None else METRICS[metric].per_window(window)


def _cell(rung: Rung) -> tuple[str, str]:
    return rung.target, rung.workload


def _over(rounds: Sequence[_Costs], figure: Callable[[_Costs], float]) -> Estimate:
    """A figure that every round has, with its interval over rounds."""
    return mean_estimate([figure(costs) for costs in rounds])


# --- layers -----------------------------------------------------------------------------------


def _layers(ladder: Ladder, rounds: Sequence[_Costs]) -> tuple[LayerCost, ...]:
    top = _cell(ladder.rungs[-1])
    found = []
    below: tuple[str, str] | None = None
    for rung in ladder.rungs:
        above = _cell(rung)
        cost = _difference(below, above)
        found.append(
            LayerCost(
                rung.layer,
                _over(rounds, cost),
                _over(rounds, lambda costs, cost=cost: cost(costs) / costs[top]),  # type: ignore[misc]
                below,
                above,
            )
        )
        below = above
    return tuple(found)


def _difference(below: tuple[str, str] | None, above: tuple[str, str]) -> Callable[[_Costs], float]:
    return lambda costs: costs[above] - (costs[below] if below else 0.0)


# --- the tuned service ------------------------------------------------------------------------


def _gains(ladder: Ladder, rounds: Sequence[_Costs]) -> tuple[Gain, ...]:
    """What the tuned service saves in each group of layers but the server, which is the same."""
    if not ladder.tuned:
        return ()
    top = _cell(ladder.rungs[-1])
    standard, tuned = _grouped(ladder.rungs), _grouped(ladder.tuned)
    found = []
    for group in tuned:
        if group == "server" or group not in standard:
            continue
        usual, fast = standard[group], tuned[group]
        found.append(
            Gain(
                group,
                tuple(rung.layer for rung in ladder.rungs if rung.layer in GROUPS[group]),
                _over(rounds, fast),
                _over(rounds, lambda costs, a=usual, b=fast: a(costs) - b(costs)),  # type: ignore[misc]
                _over(rounds, lambda costs, a=usual, b=fast: (a(costs) - b(costs)) / costs[top]),  # type: ignore[misc]
            )
        )
    return tuple(found)


def _grouped(rungs: Sequence[Rung]) -> Mapping[str, Callable[[_Costs], float]]:
    """What each group of layers costs in a round."""
    parts: dict[str, list[Callable[[_Costs], float]]] = {}
    below: tuple[str, str] | None = None
    for rung in rungs:
        parts.setdefault(group_of(rung.layer), []).append(_difference(below, _cell(rung)))
        below = _cell(rung)
    return {
        group: lambda costs, quantities=quantities: sum(quantity(costs) for quantity in quantities)  # type: ignore[misc]
        for group, quantities in parts.items()
    }


def group_of(layer: str) -> str:
    """The group of a layer; a group is its own."""
    return next((group for group, layers in GROUPS.items() if layer in layers), layer)


# --- what it means at a load ------------------------------------------------------------------


@dataclass(frozen=True)
class Bill:
    """What a service takes of a machine, from its CPU time per request.

    `rate_per_core` is what one app core serves at the utilisation. The others are None without a
    rate, and without a price.
    """

    target: str
    rate_per_core: Estimate
    app_cores: Estimate | None
    database_cores: Estimate | None
    per_million: Estimate | None


def bills(record: RunRecord, found: Explained) -> tuple[Bill, ...]:
    """The standard service's bill, and the tuned one's where it was measured."""
    study = record.plan.study
    assert isinstance(study, Explain)
    tops = [found.ladder.rungs[-1], *found.ladder.tuned[-1:]]
    return tuple(_bill(record, study, found, top) for top in tops)


def _bill(record: RunRecord, study: Explain, found: Explained, top: Rung) -> Bill:
    app, database = (
        [by_round[number][_cell(top)] for number in found.rounds]
        for by_round in (
            _by_round(record, found.ladder, "app_cost"),
            _by_round(record, found.ladder, "database_cost"),
        )
    )

    def cores(costs_us: Iterable[float]) -> Estimate | None:
        if study.rate_per_s is None:
            return None
        busy = [study.rate_per_s * cost / 1e6 / study.utilisation for cost in costs_us]
        return mean_estimate(busy)

    return Bill(
        target=top.target,
        rate_per_core=mean_estimate([study.utilisation * 1e6 / cost for cost in app]),
        app_cores=cores(app),
        database_cores=cores(database),
        per_million=_per_million(study, [a + b for a, b in zip(app, database, strict=True)]),
    )


def _per_million(study: Explain, costs_us: Sequence[float]) -> Estimate | None:
    """The price of a million requests: core hours that they keep busy, at the utilisation."""
    if study.core_hour is None:
        return None
    per_us = _REQUESTS / 1e6 / _S_PER_HOUR / study.utilisation * study.core_hour
    return mean_estimate([per_us * cost for cost in costs_us])
