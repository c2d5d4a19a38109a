"""Is this machine fit to measure on? Pure: facts and placement in, checks and diagnostics out.

    check      what a check says, and what follows from many of them
    clock      governor, limits, turbo, heat, and the speed that the spin probe saw
    cores      placement, SMT, isolation, tick, quota
    neighbours other processes, steal, pressure, interrupts
    memory     memory, swap, huge pages
    software   virtualisation, Python's build, the kernel's clock and watchdog, priority
    page       checks as lines for a terminal

A new check is one function from facts and placement to a `Check`, and one line in `CHECKS`.
"""

from collections.abc import Callable

from bench.host import MachineFacts
from bench.model import Placement
from bench.preflight import clock, cores, memory, neighbours, software
from bench.preflight.check import Check, diagnostics, named, settings, unfit, verdict
from bench.preflight.page import PageLine, render

CHECKS: tuple[Callable[[MachineFacts, Placement], Check], ...] = (
    cores.confinement,
    cores.placement,
    cores.quota,
    cores.smt,
    cores.isolation,
    cores.tick,
    clock.governor,
    clock.limits,
    clock.turbo,
    clock.heat,
    clock.steadiness,
    neighbours.app_core,
    neighbours.steal,
    neighbours.processes,
    neighbours.load,
    neighbours.interrupts,
    memory.available,
    memory.swap,
    memory.huge_pages,
    software.virtualisation,
    software.python_build,
    software.clocksource,
    software.nmi_watchdog,
    software.address_randomisation,
    software.priority,
)


def examine(facts: MachineFacts, placement: Placement) -> tuple[Check, ...]:
    """Every check, in the order in which `make doctor` shows them."""
    return tuple(check(facts, placement) for check in CHECKS)


__all__ = [
    "CHECKS",
    "Check",
    "PageLine",
    "diagnostics",
    "examine",
    "named",
    "render",
    "settings",
    "unfit",
    "verdict",
]
