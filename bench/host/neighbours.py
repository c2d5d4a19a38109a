"""Who else uses the CPUs: other processes, and interrupts."""

import re
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from bench.kernel import REAL, KernelTree
from bench.kernel.process import Stat, every_stat

# --- processes --------------------------------------------------------------------------------


@dataclass(frozen=True)
class BusyProcess:
    """A process that was busy while we looked: `share` of one CPU, on which it was last seen."""

    pid: int
    name: str
    share: float
    cpu: int


def process_ticks(tree: KernelTree = REAL) -> Mapping[int, Stat]:
    """Every process that may be seen, with its CPU time so far."""
    with suppress(FileNotFoundError):
        return {stat.pid: stat for stat in every_stat(str(tree.path("/proc")))}
    return {}


def busy_processes(
    before: Mapping[int, Stat],
    after: Mapping[int, Stat],
    elapsed_ticks: int,
    own: Collection[int],
) -> tuple[BusyProcess, ...]:
    """Who used CPU in between, the busiest first, without `own` processes and their children."""
    mine = _with_children(after, own)
    found = [
        BusyProcess(pid, now.name, (now.ticks - before[pid].ticks) / elapsed_ticks, now.cpu)
        for pid, now in after.items()
        if pid in before and pid not in mine and now.ticks > before[pid].ticks
    ]
    return tuple(sorted(found, key=lambda process: -process.share))


def _with_children(processes: Mapping[int, Stat], roots: Collection[int]) -> set[int]:
    family = set(roots)
    size = -1
    while len(family) > size:
        size = len(family)
        family |= {stat.pid for stat in processes.values() if stat.parent in family}
    return family


def balances_interrupts(tree: KernelTree = REAL) -> bool:
    """Whether irqbalance runs: it moves interrupts by itself, whoever has placed them."""
    return any(stat.name == "irqbalance" for stat in process_ticks(tree).values())


# --- interrupts -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Interrupt:
    """One device interrupt: the CPUs it may go to, those it goes to, and how often it came.

    `counts` are per CPU, since boot or, as `since` returns it, since an earlier reading. `movable`
    is False where the kernel says that nobody may send it elsewhere.
    """

    number: int
    device: str
    allowed: tuple[int, ...]
    effective: tuple[int, ...]
    counts: Mapping[int, int]
    movable: bool = True

    def on(self, cpus: tuple[int, ...]) -> int:
        """How many there were on these CPUs together."""
        return sum(self.counts.get(cpu, 0) for cpu in cpus)

    def since(self, earlier: Mapping[int, int]) -> "Interrupt":
        """The same with the counts since earlier ones, which are by CPU."""
        counts = {cpu: max(0, n - earlier.get(cpu, 0)) for cpu, n in self.counts.items()}
        return replace(self, counts=counts)


def affinity_file(number: int) -> str:
    """The kernel's file of the CPUs that may serve an interrupt."""
    return f"/proc/irq/{number}/smp_affinity_list"


def _effective_file(number: int) -> str:
    return f"/proc/irq/{number}/effective_affinity_list"


def interrupts(tree: KernelTree = REAL) -> tuple[Interrupt, ...]:
    """Every device interrupt that has come at least once. Timers and the like are not among them.

    One that never came disturbs nobody, and most machines list dozens of those.
    """
    found = (_interrupt(line, tree) for line in _numbered_lines(tree))
    return tuple(
        interrupt
        for interrupt in found
        if interrupt.allowed
        and any(interrupt.counts.values())
        and not _is_each_cpus_own(interrupt, tree)
    )


def _is_each_cpus_own(interrupt: Interrupt, tree: KernelTree) -> bool:
    """Whether it belongs to every CPU by itself, as ARM's timer, which has a number there."""
    return not interrupt.effective and tree.exists(_effective_file(interrupt.number))


# Of a line behind its counts: the chip (`IO-APIC`, `Hyper-V PCIe MSI`), its own number there
# (`2-edge`, or on ARM `27 Level`), and the device.
_DEVICE = re.compile(r"^.*? (?:\d+-\w+|-\w+|\d+ +(?:Level|Edge|None)|\d+)\b *(.*)$")


def _numbered_lines(tree: KernelTree) -> list[tuple[int, dict[int, int], str]]:
    """(number, count per CPU, device) of each line of /proc/interrupts with a number."""
    header, *lines = tree.read("/proc/interrupts").splitlines() or [""]
    cpus = [int(cpu) for cpu in re.findall(r"CPU(\d+)", header)]
    found = []
    for line in lines:
        label, _, rest = line.partition(":")
        fields = rest.split(maxsplit=len(cpus))
        with suppress(ValueError):
            counts = dict(zip(cpus, map(int, fields[: len(cpus)]), strict=True))
            told = " ".join(fields[len(cpus) :])
            device = _DEVICE.match(told)
            found.append((int(label), counts, device[1] if device else told))
    return found


def _interrupt(line: tuple[int, dict[int, int], str], tree: KernelTree) -> Interrupt:
    number, counts, device = line
    return Interrupt(
        number=number,
        device=device,
        allowed=tree.cpus(affinity_file(number)),
        effective=tree.cpus(_effective_file(number)),
        counts=counts,
        movable=tree.is_open(affinity_file(number)),
    )
