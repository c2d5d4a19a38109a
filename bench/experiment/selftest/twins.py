"""Three services made from one: `a`, its identical twin `b`, and `slow` with a planted slowdown.

They run in a lab beside the ordinary one, each with a database of its own. Only their names, ports
and folders differ, and that `slow` finds a `sitecustomize` on its PYTHONPATH. No service knows of
this.
"""

from dataclasses import dataclass
from pathlib import Path

from bench.experiment.lab import Lab
from bench.experiment.side_lab import lab_apart, state_of
from bench.model import Target

PLANTED_SHARE = 0.10
PLANT = Path(__file__).parent / "plant"


@dataclass(frozen=True)
class Twins:
    """The three targets, and the lab that runs them."""

    lab: Lab
    a: Target
    b: Target
    slow: Target

    @property
    def in_order(self) -> tuple[Target, ...]:
        """As the self-test knows them: its orders are places in this."""
        return self.b, self.a, self.slow


def make_twins(lab: Lab, service: Target, planted_share: float = PLANTED_SHARE) -> Twins:
    """Twins of `service` in a lab like `lab`, on free ports, with state in a folder of its own.

    Raises SetupError when no block of ports is free.
    """
    b, a, slow = (
        state_of(service, f"selftest_{name}", f"{service.label} ({name})")
        for name in ("b", "a", "slow")
    )
    planted = {"PYTHONPATH": str(PLANT), "ONECORE_PLANT": str(planted_share)}
    own_lab = lab_apart(lab, "selftest", (b, a, slow), {slow.name: planted})
    b, a, slow = own_lab.targets
    return Twins(own_lab, a, b, slow)
