"""How each kind of run goes on: the one place that tells them apart.

A run has rounds as they were planned, unless it is a study, whose next step follows from what was
found so far.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bench.experiment import crosscheck, explain, rounds, saturate, sweep
from bench.experiment.ab import rounds as ab
from bench.experiment.schedule import NextStep
from bench.model import AB, Crosscheck, Explain, Plan, RunRecord, Saturation, Sweep


@dataclass(frozen=True)
class Procedure:
    """`next_of` gives what to measure next, `expected_cells` about how many cells there will be."""

    next_of: Callable[[RunRecord], NextStep]
    expected_cells: Callable[[Plan], int]


_PROCEDURES: dict[type[Any], Procedure] = {
    type(None): Procedure(rounds.next_of, rounds.expected_cells),
    Sweep: Procedure(sweep.next_of, sweep.expected_cells),
    Saturation: Procedure(saturate.next_of, saturate.expected_cells),
    AB: Procedure(ab.next_of, ab.expected_cells),
    Crosscheck: Procedure(crosscheck.next_of, crosscheck.expected_cells),
    Explain: Procedure(explain.next_of, explain.expected_cells),
}


def procedure_of(plan: Plan) -> Procedure:
    """How a run with this plan goes on."""
    return _PROCEDURES[type(plan.study)]
