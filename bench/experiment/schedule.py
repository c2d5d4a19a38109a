"""The order of cells. Pure: the same plan gives the same order."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from bench.model import Plan


@dataclass(frozen=True)
class Visit:
    """One cell of one round."""

    round: int
    target: str
    workload: str


def visits(plan: Plan) -> Iterator[Visit]:
    """Every cell of every planned round."""
    for number in range(1, plan.rounds + 1):
        yield from visits_of_round(plan, number)


def visits_of_round(plan: Plan, number: int) -> Iterator[Visit]:
    """Every cell of one round, counted from 1.

    Within a round the workloads come in a fresh seeded order, and a workload's targets come one
    after the other, so that what is compared is measured close together in time. Even rounds
    reverse the targets (ABBA): a drift that favours the first in one round favours the last in
    the next.
    """
    workloads = list(plan.workloads)
    random.Random(f"{plan.seed}/{number}").shuffle(workloads)
    targets = plan.targets if number % 2 else tuple(reversed(plan.targets))
    for workload in workloads:
        for target in targets:
            yield Visit(number, target, workload)
