"""A scenario of several phases in one round: targets take turns, a whole phase each.

What a phase asks for is what the one before it has left, so its requests follow each other without
a pause, and a turn is a phase. All targets are up, and in each phase another one comes first.
"""

from collections.abc import Sequence
from contextlib import ExitStack

from bench.experiment.cell import Bench, measure_phase, seed_of, warm_up
from bench.experiment.schedule import Step, passes
from bench.experiment.turns import able, all_prepared, told
from bench.model import CellResult, PhaseResult, Target
from bench.workloads import WORKLOADS


def measure_scenario(bench: Bench, step: Step, targets: Sequence[Target]) -> tuple[CellResult, ...]:
    """A cell for each target, in the order given, all from the common start.

    A target that fails is told of by its cell. Raises GeneratorFailed.
    """
    workload = WORKLOADS[step.workload]
    bench.lab.thaw_all()
    windows: dict[str, list[PhaseResult]] = {target.name: [] for target in targets}
    with ExitStack() as stack:
        parts = all_prepared(bench, step, targets, stack)
        for part in able(parts):
            with told(part):
                part.warm_up = warm_up(bench, step, part.target, workload, bench.plan.rows)
        by_name = {part.target.name: part for part in parts}
        orders = passes([target.name for target in targets], f"{seed_of(bench.plan, step)}")
        for place, _ in enumerate(workload.phases(1, 2)):
            for part in able([by_name[name] for name in next(orders)]):
                with told(part):
                    phase = part.phases[place]
                    found = measure_phase(bench, step, part.target, phase, part.admin, part.warm_up)
                    windows[part.target.name].append(found)
    return tuple(
        CellResult(
            round=step.round,
            target=part.target.name,
            workload=step.workload,
            pacing=bench.plan.pacing,
            started_at=part.started_at,
            warm_up=part.warm_up,
            phases=() if part.failure else tuple(windows[part.target.name]),
            unfit=part.failure,
            remedy=part.remedy,
        )
        for part in parts
    )
