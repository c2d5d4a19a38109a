"""The CPUs: who is whose sibling, what they did, and what decides their clock."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

from bench.kernel import CPUS, REAL, KernelTree
from bench.kernel.cgroup import MOUNT, folders_of
from bench.kernel.process import TICK_S
from bench.placement import Topology

SMT_SWITCH = f"{CPUS}/smt/control"
"""`on`, `off`, or why it cannot be switched. Off takes the siblings offline."""


# --- topology ---------------------------------------------------------------------------------


def topology(tree: KernelTree = REAL) -> Topology:
    """The CPUs this process may use, with their SMT siblings and NUMA nodes."""
    nodes = tree.names("/sys/devices/system/node/node[0-9]*/cpulist")
    return Topology(
        cpus=usable_cpus(tree),
        smt_groups=smt_groups(tree),
        numa_nodes=tuple(tree.cpus(name) for name in nodes),
    )


def usable_cpus(tree: KernelTree = REAL) -> tuple[int, ...]:
    """The CPUs that this process may use, those that it was only kept off at boot included.

    With `isolcpus=` PID 1, and so whatever descends from it, begins with an affinity that lacks the
    isolated CPUs. Nobody meant to keep the lab off them: they were isolated for it. Any other
    affinity (`taskset`) was somebody's choice and is kept; so is every cpuset.
    """
    given = os.sched_getaffinity(0)
    isolated = set(tree.cpus(f"{CPUS}/isolated"))
    if not isolated:
        return tuple(sorted(given))
    allowed = _allowed_cpus(given | set(tree.cpus(f"{CPUS}/online")))
    return tuple(sorted(allowed if given == allowed - isolated else given))


_CPUSET = ("cpuset.cpus.effective", "cpuset.effective_cpus", "cpuset.cpus")
"""A cgroup's CPUs in version 2, in version 1, and in a version 1 that tells no effective ones."""


@dataclass(frozen=True)
class Confinement:
    """The CPUs that may be used where those are not all online ones, and what keeps off the others.

    That is the outermost `cgroup` that allows no more; "" where an affinity was chosen.
    """

    usable: tuple[int, ...]
    online: tuple[int, ...]
    cgroup: str


def confinement(tree: KernelTree = REAL) -> Confinement | None:
    """What keeps this process off some of the machine's online CPUs; None where nothing does."""
    usable, online = usable_cpus(tree), tree.cpus(f"{CPUS}/online")
    if set(online) <= set(usable):
        return None
    by = ""
    for folder in folders_of("self", "cpuset", tree):
        cpus = next(filter(None, (tree.cpus(f"{folder}/{name}") for name in _CPUSET)), ())
        if cpus and set(cpus) <= set(usable):
            by = folder.removeprefix(MOUNT) or "/"
    return Confinement(usable, online, by)


def _allowed_cpus(wanted: set[int]) -> set[int]:
    """Those of the wanted CPUs that this process's cgroup allows: asked for and read back."""
    given = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, wanted)
        return os.sched_getaffinity(0)
    finally:
        os.sched_setaffinity(0, given)


def smt_groups(tree: KernelTree = REAL) -> tuple[tuple[int, ...], ...]:
    """The threads of each physical core. An offline CPU has no file and is in no group."""
    # The second is the first one's later name.
    for name in ("thread_siblings_list", "core_cpus_list"):
        files = tree.names(f"{CPUS}/cpu[0-9]*/topology/{name}")
        if found := {tree.cpus(file) for file in files} - {()}:
            return tuple(sorted(found))
    return ()


def siblings(cpus: tuple[int, ...], groups: tuple[tuple[int, ...], ...]) -> tuple[int, ...]:
    """The other threads of these CPUs' cores."""
    threads = {cpu for group in groups if set(group) & set(cpus) for cpu in group}
    return tuple(sorted(threads - set(cpus)))


def others_cpus(tree: KernelTree = REAL) -> Mapping[str, tuple[int, ...]] | None:
    """Which CPUs each top-level cgroup that has processes may use, without the lab's own.

    None where that does not tell who may run on a CPU: in a container, which sees a part of the
    machine only, and where nothing can confine cgroups to CPUs.
    """
    # Every cgroup but the machine's own root has a type.
    if tree.exists(f"{MOUNT}/cgroup.type"):
        return None
    if "cpuset" not in tree.read(f"{MOUNT}/cgroup.controllers").split():
        return None
    online = tree.cpus(f"{CPUS}/online")
    found = {}
    for file in tree.names(f"{MOUNT}/*/cgroup.events"):
        folder = file.removesuffix("/cgroup.events")
        name = folder.removeprefix(f"{MOUNT}/")
        if "populated 0" in tree.read(file) or name.startswith("onecore"):
            continue
        # Without the file nobody has asked for the controller yet, and so nobody is confined.
        found[name] = tree.cpus(f"{folder}/cpuset.cpus.effective") or online
    return found


def isolated_cpus(tree: KernelTree = REAL) -> tuple[int, ...]:
    """The CPUs on which nothing but the lab runs: the kernel's own list, and those that no other
    top-level cgroup may use. What belongs to a CPU in the kernel itself stays there all the same.
    """
    isolated = set(tree.cpus(f"{CPUS}/isolated"))
    others = others_cpus(tree)
    if others:
        isolated |= set(tree.cpus(f"{CPUS}/online")) - {cpu for c in others.values() for cpu in c}
    return tuple(sorted(isolated))


# --- time -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CpuTotals:
    """Seconds since boot that some CPUs were busy (steal and I/O wait left out) and stolen."""

    busy_s: float
    steal_s: float


@dataclass(frozen=True)
class CpuTicks:
    """One CPU's time since boot in clock ticks. `total` includes idling and steal."""

    busy: int
    steal: int
    total: int

    def since(self, earlier: "CpuTicks") -> "CpuTicks":
        """The ticks since an earlier reading, never negative."""
        return CpuTicks(
            max(0, self.busy - earlier.busy),
            max(0, self.steal - earlier.steal),
            max(0, self.total - earlier.total),
        )


def cpu_ticks(tree: KernelTree = REAL) -> Mapping[int, CpuTicks]:
    """Every online CPU's line of /proc/stat: one that is offline has none."""
    found = {}
    for line in tree.read("/proc/stat").splitlines():
        if match := re.match(r"cpu(\d+) ", line):
            # Time as a guest, which follows, is in the user's time already.
            user, nice, system, idle, iowait, irq, softirq, steal = map(int, line.split()[1:9])
            busy = user + nice + system + irq + softirq
            found[int(match[1])] = CpuTicks(busy, steal, busy + steal + idle + iowait)
    return found


def cpu_totals(cpus: tuple[int, ...], tree: KernelTree = REAL) -> CpuTotals:
    """Totals of these CPUs from /proc/stat, to 10 ms."""
    ticks = cpu_ticks(tree)
    mine = [ticks[cpu] for cpu in set(cpus) & set(ticks)]
    return CpuTotals(
        sum(spent.busy for spent in mine) * TICK_S, sum(spent.steal for spent in mine) * TICK_S
    )


# --- the clock --------------------------------------------------------------------------------


@dataclass(frozen=True)
class CpuClock:
    """Who sets a CPU's speed and between which limits. Empty where the kernel does not say.

    `top_khz` is the highest speed allowed, `hardware_khz` the highest that the CPU can do.
    """

    cpu: int
    governor: str = ""
    governors: tuple[str, ...] = ()
    top_khz: int | None = None
    hardware_khz: int | None = None


@dataclass(frozen=True)
class TurboSwitch:
    """A kernel file that switches turbo, its value now, and the value that means off."""

    name: str
    value: str
    off: str

    @property
    def is_off(self) -> bool:
        """Whether the CPU is kept from running faster than its nominal clock."""
        return self.value == self.off


def governor_file(cpu: int) -> str:
    """The kernel's file of a CPU's frequency governor; it may not be there."""
    return f"{CPUS}/cpu{cpu}/cpufreq/scaling_governor"


def cpu_clock(cpu: int, tree: KernelTree = REAL) -> CpuClock:
    """A CPU's governor and frequency limits, in kHz; empty or None as far as they are not shown."""
    folder = f"{CPUS}/cpu{cpu}/cpufreq"
    return CpuClock(
        cpu=cpu,
        governor=tree.read(governor_file(cpu)),
        governors=tuple(tree.read(f"{folder}/scaling_available_governors").split()),
        top_khz=tree.number(f"{folder}/scaling_max_freq"),
        hardware_khz=tree.number(f"{folder}/cpuinfo_max_freq"),
    )


def turbo_switches(tree: KernelTree = REAL) -> tuple[TurboSwitch, ...]:
    """The files that switch turbo here: one for the machine, or one per policy, or none."""
    intel, common = f"{CPUS}/intel_pstate/no_turbo", f"{CPUS}/cpufreq/boost"
    if value := tree.read(intel):
        return (TurboSwitch(intel, value, "1"),)
    if value := tree.read(common):
        return (TurboSwitch(common, value, "0"),)
    policies = tree.names(f"{CPUS}/cpufreq/policy[0-9]*/boost")
    return tuple(TurboSwitch(name, tree.read(name), "0") for name in policies)


def events_between(before: int | None, after: int | None) -> int | None:
    """How many were counted from one reading to the next; None where one of them is unknown."""
    return None if before is None or after is None else after - before


def thermal_events(cpus: tuple[int, ...], tree: KernelTree = REAL) -> int | None:
    """How often these CPUs were slowed for heat since boot; None where nobody counts it."""
    kinds = ("core_throttle_count", "package_throttle_count")
    files = (f"{CPUS}/cpu{cpu}/thermal_throttle/{kind}" for cpu in cpus for kind in kinds)
    counts = [count for name in files if (count := tree.number(name)) is not None]
    return sum(counts) if counts else None
