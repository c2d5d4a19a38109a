"""Three services made from one: `a`, its identical twin `b`, and `slow` with a planted slowdown.

They run in the ordinary lab, each with a database of its own. Only their names, ports and folders
differ, and that `slow` finds a `sitecustomize` on its PYTHONPATH. No service knows of this.
"""

import itertools
from dataclasses import dataclass, replace
from pathlib import Path

from bench.errors import SetupError
from bench.experiment.lab import Lab
from bench.model import Target
from bench.supervise.ports import is_free

PLANTED_SHARE = 0.10
PLANT = Path(__file__).parent / "plant"
FIRST_PORT = 7100
"""Where the search for free ports begins. PORT_OFFSET does not move it: the search avoids what is
taken, and stays below the ports that the kernel gives to outgoing connections."""

_BLOCK = 10
_BLOCKS = 40


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


def make_twins(lab: Lab, service: Target) -> Twins:
    """Twins of `service` in a lab like `lab`, on free ports, with state in a folder of its own.

    They share the supervisor with `lab`, so that whatever else runs is frozen while they are
    measured. Raises SetupError when no block of ports is free.
    """
    first_port = free_block(FIRST_PORT)
    ports = itertools.count(first_port)
    a, b, slow = (_twin(service, name, next(ports), next(ports)) for name in ("a", "b", "slow"))
    state = lab.site.state / "selftest"
    state.mkdir(exist_ok=True)
    own_lab = replace(
        lab,
        site=replace(lab.site, state=state),
        registry=(b, a, slow),
        targets=(b, a, slow),
        extra_environment={
            slow.name: {"PYTHONPATH": str(PLANT), "ONECORE_PLANT": str(PLANTED_SHARE)}
        },
    )
    return Twins(own_lab, a, b, slow)


def _twin(service: Target, name: str, http_port: int, database_port: int) -> Target:
    return replace(
        service,
        name=f"selftest_{name}",
        # One of its own, and so a PostgreSQL of its own.
        framework=f"selftest_{name}",
        label=f"{service.label} ({name})",
        http_port=http_port,
        database_port=database_port,
    )


def free_block(first: int) -> int:
    """The first of a block of ports from `first` on that nobody listens on.

    Raises SetupError when there is none.
    """
    for start in range(first, first + _BLOCKS * _BLOCK, _BLOCK):
        if all(map(is_free, range(start, start + _BLOCK))):
            return start
    raise SetupError(
        f"no block of {_BLOCK} free ports from {first} to {first + _BLOCKS * _BLOCK}",
        "Stop what listens there: ss -ltnp shows it.",
    )
