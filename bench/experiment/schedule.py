"""What is measured next, and the order of turns. Pure: the same plan gives the same order."""

import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, permutations

from bench.model import CellResult, Pacing, Plan, Turns


@dataclass(frozen=True)
class Step:
    """Cells of one round and workload that are measured together.

    With `turns` all its targets take turns; without, there is one target, in windows of its own.
    `new_engine` keeps connections that an overload has left open from what comes after it.

    Of a `ladder` each target has a workload of its own, the one at its place in `asked`, and may
    come more than once; `workload` is the operation that is explained.
    """

    round: int
    workload: str
    targets: tuple[str, ...]
    pacing: Pacing
    window_s: float
    turns: Turns | None = None
    new_engine: bool = False
    ladder: str = ""
    asked: tuple[str, ...] = ()

    @property
    def cells(self) -> tuple[tuple[str, str], ...]:
        """Each (target, workload) that is measured."""
        asked = self.asked or (self.workload,) * len(self.targets)
        return tuple(zip(self.targets, asked, strict=True))

    def only(self, cells: Sequence[tuple[str, str]]) -> "Step":
        """The step with these of its cells."""
        targets = tuple(target for target, _ in cells)
        return replace(
            self, targets=targets, asked=tuple(w for _, w in cells) if self.asked else ()
        )


NextStep = Callable[[Sequence[CellResult]], Step | None]
"""What to measure next, given all finished cells; None when the run is over.

A pure function: so the order of a run can be tested without a clock, and a run that was cut short
goes on from the cells that are stored.
"""


def first_missing(steps: Iterable[Step], cells: Sequence[CellResult]) -> Step | None:
    """The first step with a cell that is not finished, with its unfinished targets."""
    done = {(cell.round, cell.ladder, (cell.target, cell.workload), cell.pacing) for cell in cells}
    for step in steps:
        missing = [
            cell for cell in step.cells if (step.round, step.ladder, cell, step.pacing) not in done
        ]
        if missing:
            return step.only(missing)
    return None


def steps(plan: Plan) -> Iterator[Step]:
    """The steps of all planned rounds, in the order in which they are measured."""
    for number in range(1, plan.rounds + 1):
        yield from steps_of_round(plan, number)


def steps_of_round(plan: Plan, number: int) -> Iterator[Step]:
    """Every cell of one round, counted from 1.

    Workloads come in a fresh seeded order. The targets of a workload take turns; where they have
    windows instead, they come one after the other, so that what is compared is measured close
    together in time, and even rounds reverse them (ABBA): a drift that favours the first in one
    round favours the last in the next.
    """
    workloads = list(plan.workloads)
    random.Random(f"{plan.seed}/{number}").shuffle(workloads)
    targets = plan.targets if number % 2 else tuple(reversed(plan.targets))
    for workload in workloads:
        turns = turns_of(plan)
        for group in together(targets, turns):
            yield Step(number, workload, group, plan.pacing, plan.window_s, turns)


def together(targets: tuple[str, ...], turns: Turns | None) -> tuple[tuple[str, ...], ...]:
    """Who is measured together: everybody in turns, or each alone."""
    return (targets,) if turns else tuple((target,) for target in targets)


def turns_of(plan: Plan) -> Turns | None:
    """How targets take turns; None where each has windows of its own: an open loop's queue builds
    on what came before.
    """
    return plan.turns if plan.pacing.takes_turns else None


_FEW = 4
"""Targets whose permutations are all looked at: 24 of them."""

_DRAWN = 48


def passes(targets: Sequence[str], seed: str) -> Iterator[tuple[str, ...]]:
    """Orders of the targets, without end: in each pass everybody has one turn.

    Nobody follows itself, and every succession comes as often as any other, as nearly as a pass
    allows: of the possible orders the one is taken that keeps them most even, of equal ones any.
    With two targets they alternate.
    """
    rng = random.Random(seed)
    followed = Counter[tuple[str, str]]()
    before: tuple[str, ...] = ()
    while True:
        orders = _orders(targets, rng)
        orders = [order for order in orders if order[:1] != before[-1:]] or orders
        rng.shuffle(orders)
        chosen = min(orders, key=lambda order: _unevenness(followed, before, order))
        followed.update(pairwise((*before[-1:], *chosen)))
        before = chosen
        yield chosen


def _orders(targets: Sequence[str], rng: random.Random) -> list[tuple[str, ...]]:
    if len(targets) <= _FEW:
        return list(permutations(targets))
    return [tuple(rng.sample(targets, len(targets))) for _ in range(_DRAWN)]


def _unevenness(
    followed: Counter[tuple[str, str]], before: tuple[str, ...], order: tuple[str, ...]
) -> int:
    """How often the successions of this order have come already; frequent ones weigh more."""
    pairs = pairwise((*before[-1:], *order))
    return sum((followed[pair] + 1) ** 2 - followed[pair] ** 2 for pair in pairs)
