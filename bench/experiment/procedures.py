"""How each kind of run goes on: the one place that tells them apart.

A run has rounds as they were planned, unless it is a study, whose next step follows from what was
found so far.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.analysis.precision import why_more, why_more_of_states
from bench.experiment import crosscheck, explain, inside, rounds, saturate, sweep
from bench.experiment.ab import rounds as ab
from bench.experiment.assembly import open_lab
from bench.experiment.engines import Engines
from bench.experiment.lab import Lab
from bench.experiment.schedule import NextStep
from bench.model import (
    AB,
    Crosscheck,
    Explain,
    Finding,
    PlainBench,
    Plan,
    RunRecord,
    Saturation,
    Sweep,
)


def _planned_cells(plan: Plan) -> int:
    return plan.rounds * len(plan.cells_of_round or ())


def _lab_of_the_targets(plan: Plan) -> Lab:
    return open_lab(plan.targets)


def _nowhere(_lab: Lab, _record: RunRecord, _engines: Engines, _folder: Path) -> Iterable[Finding]:
    return ()


@dataclass(frozen=True)
class Procedure:
    """`next_of` gives what to measure next, `expected_cells` about how many cells there will be,
    `why_more` why a round is added to those that were planned.

    `lab_for` is where a plan is carried out; `look_inside` what is seen inside its services after
    the last cell.
    """

    next_of: Callable[[RunRecord], NextStep]
    expected_cells: Callable[[Plan], int] = _planned_cells
    why_more: Callable[[RunRecord], str] = why_more
    lab_for: Callable[[Plan], Lab] = _lab_of_the_targets
    look_inside: Callable[[Lab, RunRecord, Engines, Path], Iterable[Finding]] = _nowhere


_PROCEDURES: dict[type[Any], Procedure] = {
    PlainBench: Procedure(rounds.next_of),
    Sweep: Procedure(sweep.next_of),
    Saturation: Procedure(saturate.next_of, saturate.expected_cells),
    AB: Procedure(ab.next_of, ab.expected_cells, why_more_of_states),
    Crosscheck: Procedure(crosscheck.next_of, crosscheck.expected_cells),
    Explain: Procedure(explain.next_of, lab_for=explain.lab_for, look_inside=inside.look_inside),
}


def procedure_of(plan: Plan) -> Procedure:
    """How a run with this plan goes on."""
    return _PROCEDURES[type(plan.design)]
