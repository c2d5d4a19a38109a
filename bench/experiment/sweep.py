"""The sweep: one workload at rising concurrency, in rounds like any other measurement."""

import random
from collections.abc import Iterator, Sequence

from bench.experiment.plan import Profile, make_plan
from bench.experiment.schedule import Visit
from bench.experiment.session import Watcher
from bench.experiment.study import NextStep, Step, carry_out, require_one_window
from bench.model import CellResult, ClosedLoop, Plan, RunRecord, Sweep, Target
from bench.workloads import Workload

LEVELS = (1, 2, 4, 8, 16, 32, 64, 128)


def sweep_plan(
    profile: Profile,
    targets: tuple[Target, ...],
    workload: Workload,
    *,
    seed: int,
    rounds: int | None = None,
) -> Plan:
    """The plan of a sweep. A round has a cell per level, so it has half of the profile's rounds.

    None are added: what a sweep finds is a law, fitted to all rounds with its own errors, and no
    ratio whose interval could be awaited. Its pacing is that of the highest level; each cell tells
    its own. Raises UsageError for a workload of several phases or a number out of range.
    """
    require_one_window(workload)
    return make_plan(
        profile,
        targets,
        (workload,),
        seed=seed,
        rounds=max(1, profile.rounds // 2) if rounds is None else rounds,
        pacing=ClosedLoop(max(LEVELS)),
    )


def sweep_steps(plan: Plan, sweep: Sweep) -> Iterator[Step]:
    """Every cell of every round.

    Within a round the levels come in a fresh seeded order, so that no level always has the warm
    or the quiet minute. A level's targets come one after the other, reversed on even rounds.
    """
    (workload,) = plan.workloads
    for number in range(1, plan.rounds + 1):
        levels = list(sweep.levels)
        random.Random(f"{plan.seed}/{number}").shuffle(levels)
        targets = plan.targets if number % 2 else tuple(reversed(plan.targets))
        for level in levels:
            for target in targets:
                yield Step(Visit(number, target, workload), ClosedLoop(level), plan.window_s)


def next_of(plan: Plan, sweep: Sweep) -> NextStep:
    """The first step that has no cell yet."""

    def next_step(cells: Sequence[CellResult]) -> Step | None:
        done = {(cell.round, cell.target, cell.pacing) for cell in cells}
        return next(
            (
                step
                for step in sweep_steps(plan, sweep)
                if (step.visit.round, step.visit.target, step.pacing) not in done
            ),
            None,
        )

    return next_step


def sweep(plan: Plan, watcher: Watcher, *, strict: bool = False) -> RunRecord:
    """Carry out a sweep and return its record."""
    study = Sweep(LEVELS)
    return carry_out(
        plan,
        study,
        watcher,
        next_of(plan, study),
        expected=expected_cells(plan, study),
        strict=strict,
    )


def expected_cells(plan: Plan, sweep: Sweep) -> int:
    return plan.rounds * len(sweep.levels) * len(plan.targets)
