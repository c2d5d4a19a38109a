"""All of an A/B, from nothing to nothing: sides, run, and what is left is the run."""

from collections.abc import Callable, Sequence

from bench.errors import UnitFailed
from bench.experiment import session
from bench.experiment.ab.environments import Say
from bench.experiment.ab.side_specs import SideSpec
from bench.experiment.ab.sides import prepared_sides
from bench.experiment.setup import Watcher
from bench.model import Plan, RunRecord, Side, Target

_ALONE = (
    "Each side migrates a database of its own, which is empty, and starts. See whether it does "
    "alone: make up, in a checkout of that state; or choose another base, or other packages."
)

PlanOf = Callable[[tuple[Target, ...], tuple[Side, ...]], Plan]
"""From the sides to the plan."""


def run_ab(
    states: Sequence[SideSpec],
    targets: Sequence[Target],
    plan_of: PlanOf,
    watcher: Watcher,
    say: Say,
    *,
    strict: bool = False,
) -> RunRecord:
    """Make the sides, measure them by the plan, clear them away; returns the finished record.

    Raises UnitFailed when a side does not start, and what `session.measure` raises.
    """
    with prepared_sides(states, targets, say) as sides:
        plan = plan_of(sides.lab.targets, sides.sides)
        try:
            return session.measure(plan, watcher, strict=strict, lab=sides.lab, told=sides.told)
        except UnitFailed as error:
            raise UnitFailed(error.message, error.remedy or _ALONE) from error
