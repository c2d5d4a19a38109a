"""A machine that nothing is wrong with: four cores without SMT, idle, on bare metal."""

import os
from dataclasses import replace

from bench.host import MachineFacts, Spin
from bench.host.cpus import CpuClock, TurboSwitch
from bench.host.machine_facts import Activity, CpuShares
from bench.host.memory import MachineMemory
from bench.host.quota import Quota
from bench.model import Placement
from bench.preflight import Check, examine

GIB = 2**30
PLACEMENT = Placement(app=(3,), database=(2,), generator=(1,), housekeeping=(0,))

ACTIVITY = Activity(
    seconds=1.0,
    cpus={cpu: CpuShares(busy=0.01, steal=0.0) for cpu in range(4)},
    processes=(),
    interrupts=(),
    thermal_events=0,
    swapped_pages=0,
    throttled=0,
)

FIT = MachineFacts(
    activity=ACTIVITY,
    clocks=tuple(
        CpuClock(cpu, "performance", ("performance", "powersave"), 3_500_000, 3_500_000)
        for cpu in range(4)
    ),
    turbo=(TurboSwitch("/sys/devices/system/cpu/cpufreq/boost", "0", "0"),),
    smt_groups=((0,), (1,), (2,), (3,)),
    smt="on",
    thermal_events=0,
    load_average=0.1,
    pressure={"cpu": 0.0, "memory": 0.0, "io": 0.0},
    memory=MachineMemory(8 * GIB, 4 * GIB, 0, 0, 0),
    quota=Quota(),
    isolated=(3,),
    others={"system.slice": (0, 1, 2)},
    confinement=None,
    nohz_full=(),
    huge_pages="always [madvise] never",
    address_randomisation="2",
    nmi_watchdog="0",
    irqbalance=False,
    clocksource="tsc",
    clocksources=("tsc", "hpet"),
    virtualisation="none seen",
    python_build="'--enable-optimizations' '--with-lto'",
    python_executable="/opt/lab/bin/python",
    niceness=0,
    scheduler=os.SCHED_OTHER,
    fixed_layout=False,
    is_root=True,
    spins=(Spin(3, 0.0040, 0.0040), Spin(3, 0.0041, 0.0041)),
)


def facts(**changes: object) -> MachineFacts:
    """The fit machine, with some facts otherwise. Names of `Activity` are changed there."""
    moved = {name: changes.pop(name) for name in list(changes) if hasattr(ACTIVITY, name)}
    thermal = {"thermal_events": moved["thermal_events"]} if "thermal_events" in moved else {}
    return replace(FIT, activity=replace(ACTIVITY, **moved), **thermal, **changes)  # type: ignore[arg-type]


def check(name: str, where: Placement = PLACEMENT, **changes: object) -> Check:
    """What one check says about the fit machine with these changes."""
    (found,) = (examined for examined in examine(facts(**changes), where) if examined.name == name)
    return found
