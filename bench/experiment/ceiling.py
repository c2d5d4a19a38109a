"""What the generator can send, as a run asks it beforehand."""

from collections.abc import Mapping

from bench.errors import UsageError
from bench.experiment.lab import Lab
from bench.experiment.plan import kinds_of_requests
from bench.load.ceiling import measure_ceiling
from bench.load.engine import Engine
from bench.model import Operation, Plan

CEILING_WINDOW_S = 0.3

CEILING_USABLE_SHARE = 0.65
"""Above it an open loop's generator would begin to measure itself."""


def sending_ceiling(lab: Lab, plan: Plan, generator: Engine) -> Mapping[Operation, float]:
    """What the generator can send, against a server where the app will run: of each kind of
    request that the plan has.
    """
    for name in lab.all_unit_names():
        lab.supervisor.freeze(name)
    measured = measure_ceiling(
        generator,
        lab.placement.app[:1],
        duration_s=CEILING_WINDOW_S,
        turns=1,
        operations=kinds_of_requests(plan),
    )
    return {cost.operation: cost.rate_per_s for cost in measured.generator}


def require_keepable(plan: Plan, ceiling_per_s: Mapping[Operation, float]) -> None:
    """Raises UsageError when the generator itself could not keep the plan's rate."""
    limit = CEILING_USABLE_SHARE * min(ceiling_per_s.values())
    offered = plan.pacing.offered_per_s
    if offered is not None and offered > limit:
        raise UsageError(
            f"the generator cannot keep {offered:.0f} requests/s here",
            f"It keeps {limit:.0f} requests/s, 65 % of what it can send at all; lower RATE.",
        )
