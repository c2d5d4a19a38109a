"""Whether targets compare in turns as they do in windows.

A turn is short: whatever a switch of targets costs beyond the lead-in would weigh on a cheap
target more than on a dear one. Both ways measure the same processes one after the other, so their
ratios of two targets can be set against each other pair by pair.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from bench.analysis.bias import Bias, Way, biases
from bench.errors import TargetUnfit
from bench.experiment.assembly import open_lab
from bench.experiment.ceiling import sending_ceiling
from bench.experiment.cell import Bench, measure_cell
from bench.experiment.plan import LEAD_IN_S, make_plan, select_profile
from bench.experiment.schedule import Step
from bench.experiment.setup import Watcher, services_up
from bench.experiment.turns import measure_turns
from bench.load.generator import Generator
from bench.model import CellResult, Turns
from bench.workloads import Workload

WINDOW_S = 3.0
"""What is counted of a target either way."""


def measure_bias(
    names: tuple[str, ...],
    workloads: Sequence[Workload],
    times: int,
    turn_s: float,
    watcher: Watcher,
    say: Callable[[str], None],
) -> tuple[Bias, ...]:
    """Measure each workload so many times in turns and in windows, the one first or the other.

    Raises what measuring raises; also where a target is unfit.
    """
    lab = open_lab(names)
    plan = make_plan(select_profile("quick"), lab.targets, tuple(workloads), seed=1)
    plan = replace(plan, window_s=WINDOW_S, turns=Turns(turn_s, LEAD_IN_S))
    cells: list[tuple[Way, CellResult]] = []
    with services_up(lab, watcher), Generator(lab.placement.generator) as generator:
        ceiling = sending_ceiling(lab, plan, generator)
        bench = Bench(lab, plan, generator, ceiling, lambda _progress: None)
        for number in range(1, times + 1):
            for workload in random.Random(number).sample(plan.workloads, len(plan.workloads)):
                cells += map(_measured, _both_ways(bench, workload, number))
            say(f"{number} of {times}")
    return biases(lab.targets, cells)


def _both_ways(bench: Bench, workload: str, number: int) -> Iterator[tuple[Way, CellResult]]:
    """A cell of each target in turns and one in a window, each with the way it was measured."""
    targets = bench.lab.targets if number % 2 else bench.lab.targets[::-1]
    names = tuple(target.name for target in targets)
    step = Step(number, workload, names, bench.plan.pacing, WINDOW_S, bench.plan.turns)
    ways: tuple[Way, ...] = ("turns", "windows")
    for way in ways[:: 1 if number // 2 % 2 else -1]:
        if way == "turns":
            yield from ((way, cell) for cell in measure_turns(bench, step, targets))
        else:
            alone = replace(step, turns=None)
            yield from ((way, measure_cell(bench, alone, target)) for target in targets)


def _measured(found: tuple[Way, CellResult]) -> tuple[Way, CellResult]:
    cell = found[1]
    if cell.unfit:
        raise TargetUnfit(cell.unfit, cell.remedy)
    return found
