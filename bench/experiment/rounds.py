"""Rounds as they were planned, and then as many as the plan's half width needs."""

from collections.abc import Sequence
from dataclasses import replace

from bench.analysis.precision import narrow_enough
from bench.experiment.schedule import NextStep, Step, first_missing, steps, steps_of_round
from bench.model import CellResult, RunRecord


def next_of(record: RunRecord) -> NextStep:
    """The first step that has a cell which is not finished; beyond the plan, one round more."""
    plan = record.plan

    def next_step(cells: Sequence[CellResult]) -> Step | None:
        if planned := first_missing(steps(plan), cells):
            return planned
        for number in range(plan.rounds + 1, plan.rounds_limit + 1):
            has_begun = any(cell.round == number for cell in cells)
            if not has_begun and narrow_enough(replace(record, cells=tuple(cells))):
                return None
            if added := first_missing(steps_of_round(plan, number), cells):
                return added
        return None

    return next_step
