"""All that decides whether this machine can be measured on, seen over a short time."""

import os
import sys
import sysconfig
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from bench.host.cpus import (
    SMT_SWITCH,
    Confinement,
    CpuClock,
    CpuTicks,
    TurboSwitch,
    confinement,
    cpu_clock,
    cpu_ticks,
    events_between,
    isolated_cpus,
    others_cpus,
    smt_groups,
    thermal_events,
    turbo_switches,
)
from bench.host.description import virtualisation
from bench.host.memory import MachineMemory, memory, pressure
from bench.host.neighbours import (
    BusyProcess,
    Interrupt,
    balances_interrupts,
    busy_processes,
    interrupts,
    process_ticks,
)
from bench.host.quota import Quota, quota
from bench.host.spin import Spin, spin
from bench.kernel import CPUS, REAL, KernelTree
from bench.kernel.process import TICK_S, Stat

SPINS = 10
_SPIN_PAUSE_S = 0.05


@dataclass(frozen=True)
class CpuShares:
    """What one CPU did while we looked, as shares of the time."""

    busy: float
    steal: float


@dataclass(frozen=True)
class Activity:
    """What moved while we looked, for `seconds`.

    `interrupts` hold their counts of this time; `thermal_events` is None where nobody counts.
    """

    seconds: float
    cpus: Mapping[int, CpuShares]
    processes: tuple[BusyProcess, ...]
    interrupts: tuple[Interrupt, ...]
    thermal_events: int | None
    swapped_pages: int
    throttled: int


@dataclass(frozen=True)
class MachineFacts:
    """What the kernel says. Texts are the kernel's own words, "" where it is silent.

    `others` are the CPUs of every other top-level cgroup, None where cgroups do not confine.
    `confinement` is None where every online CPU may be used. `python_build` holds the arguments of
    configure where they tell how Python was optimised. `niceness`, `scheduler` (its number) and
    `fixed_layout` are this process's, which all that it starts inherits.
    """

    activity: Activity
    clocks: tuple[CpuClock, ...]
    turbo: tuple[TurboSwitch, ...]
    smt_groups: tuple[tuple[int, ...], ...]
    smt: str
    thermal_events: int | None
    load_average: float
    pressure: Mapping[str, float]
    memory: MachineMemory
    quota: Quota
    isolated: tuple[int, ...]
    others: Mapping[str, tuple[int, ...]] | None
    confinement: Confinement | None
    nohz_full: tuple[int, ...]
    huge_pages: str
    address_randomisation: str
    nmi_watchdog: str
    irqbalance: bool
    clocksource: str
    clocksources: tuple[str, ...]
    virtualisation: str
    python_build: str
    python_executable: str
    niceness: int
    scheduler: int
    fixed_layout: bool
    is_root: bool
    spins: tuple[Spin, ...] = ()


@dataclass(frozen=True)
class _MachineReading:
    """Everything that counts upwards, at one moment."""

    ticks: Mapping[int, CpuTicks]
    processes: Mapping[int, Stat]
    interrupts: tuple[Interrupt, ...]
    thermal_events: int | None
    memory: MachineMemory
    quota: Quota


def observe(
    spin_on: tuple[int, ...] = (),
    *,
    seconds: float = 1.0,
    tree: KernelTree = REAL,
    pause: Callable[[float], None] = time.sleep,
) -> MachineFacts:
    """Look at the machine for some time, then probe the speed of the `spin_on` CPUs.

    This process and its children do not count as others.
    """
    before = _moment(tree)
    pause(seconds)
    after = _moment(tree)
    # The probe makes a CPU busy: only after having looked.
    spins = _spins(spin_on, pause)
    return MachineFacts(
        activity=_activity(before, after, {os.getpid()}),
        clocks=tuple(cpu_clock(cpu, tree) for cpu in sorted(after.ticks)),
        turbo=turbo_switches(tree),
        smt_groups=smt_groups(tree),
        smt=tree.read(SMT_SWITCH),
        thermal_events=after.thermal_events,
        load_average=float((tree.read("/proc/loadavg").split() or ["0"])[0]),
        pressure=pressure(tree),
        memory=after.memory,
        quota=after.quota,
        isolated=isolated_cpus(tree),
        others=others_cpus(tree),
        confinement=confinement(tree),
        nohz_full=tree.cpus(f"{CPUS}/nohz_full"),
        huge_pages=tree.read("/sys/kernel/mm/transparent_hugepage/enabled"),
        address_randomisation=tree.read("/proc/sys/kernel/randomize_va_space"),
        nmi_watchdog=tree.read("/proc/sys/kernel/nmi_watchdog"),
        irqbalance=balances_interrupts(tree),
        clocksource=tree.read(f"{_CLOCKSOURCE}/current_clocksource"),
        clocksources=tuple(tree.read(f"{_CLOCKSOURCE}/available_clocksource").split()),
        virtualisation=virtualisation(tree),
        python_build=python_build(sysconfig.get_config_vars()),
        python_executable=sys.executable,
        niceness=os.getpriority(os.PRIO_PROCESS, 0),
        scheduler=os.sched_getscheduler(0),
        fixed_layout=has_fixed_layout(tree),
        is_root=os.geteuid() == 0,
        spins=spins,
    )


_CLOCKSOURCE = "/sys/devices/system/clocksource/clocksource0"


def python_build(variables: Mapping[str, object]) -> str:
    """The arguments of configure, "" where they do not tell how this Python was optimised.

    Debian and Ubuntu optimise by their packaging rules, and blank the variables that say how.
    """
    if not variables.get("PGO_PROF_USE_FLAG"):
        return ""
    return str(variables.get("CONFIG_ARGS") or "")


_ADDR_NO_RANDOMIZE = 0x0040000
"""personality(2): what `setarch -R` and debuggers set."""


def has_fixed_layout(tree: KernelTree = REAL) -> bool:
    """Whether this process, and all that it starts, have one memory layout whatever the machine's
    setting says.
    """
    flags = tree.read("/proc/self/personality")
    return bool(int(flags or "0", 16) & _ADDR_NO_RANDOMIZE)


def _moment(tree: KernelTree) -> _MachineReading:
    ticks = cpu_ticks(tree)
    return _MachineReading(
        ticks=ticks,
        processes=process_ticks(tree),
        interrupts=interrupts(tree),
        thermal_events=thermal_events(tuple(ticks), tree),
        memory=memory(tree),
        quota=quota("self", tree),
    )


def _activity(before: _MachineReading, after: _MachineReading, own: Collection[int]) -> Activity:
    spent = {
        cpu: ticks.since(before.ticks[cpu])
        for cpu, ticks in after.ticks.items()
        if cpu in before.ticks
    }
    # The CPUs' own ticks are the clock: both readings then belong to exactly the same time.
    elapsed = max((ticks.total for ticks in spent.values()), default=0) or 1
    counted = {interrupt.number: interrupt.counts for interrupt in before.interrupts}
    return Activity(
        seconds=elapsed * TICK_S,
        cpus={
            cpu: CpuShares(ticks.busy / elapsed, ticks.steal / elapsed)
            for cpu, ticks in spent.items()
        },
        processes=busy_processes(before.processes, after.processes, elapsed, own),
        interrupts=tuple(
            interrupt.since(counted.get(interrupt.number, {})) for interrupt in after.interrupts
        ),
        thermal_events=events_between(before.thermal_events, after.thermal_events),
        swapped_pages=(after.memory.swapped_in - before.memory.swapped_in)
        + (after.memory.swapped_out - before.memory.swapped_out),
        throttled=after.quota.throttled - before.quota.throttled,
    )


def _spins(cpus: tuple[int, ...], pause: Callable[[float], None]) -> tuple[Spin, ...]:
    found: list[Spin] = []
    for _ in range(SPINS if cpus else 0):
        found.extend(spin(cpus))
        pause(_SPIN_PAUSE_S)
    return tuple(found)
