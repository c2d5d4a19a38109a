"""Who else uses the CPUs: other processes, and interrupts."""

import re
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass

from bench.host.tree import REAL, KernelTree

# --- processes --------------------------------------------------------------------------------


@dataclass(frozen=True)
class ProcessTicks:
    """A process's CPU time so far, in clock ticks, and the CPU that it was last seen on."""

    pid: int
    parent: int
    name: str
    ticks: int
    cpu: int


@dataclass(frozen=True)
class BusyProcess:
    """A process that was busy while we looked: `share` of one CPU, on which it was last seen."""

    pid: int
    name: str
    share: float
    cpu: int


def process_ticks(tree: KernelTree = REAL) -> Mapping[int, ProcessTicks]:
    """Every process, from /proc/PID/stat (proc_pid_stat(5))."""
    found = {}
    for name in tree.names("/proc/[0-9]*/stat"):
        head, bracket, tail = tree.read(name).rpartition(")")
        if bracket:  # a process may end between being listed and being read
            pid, _, command = head.partition(" (")
            fields = tail.split()
            ticks = int(fields[11]) + int(fields[12])
            found[int(pid)] = ProcessTicks(
                int(pid), int(fields[1]), command, ticks, int(fields[36])
            )
    return found


def busy_processes(
    before: Mapping[int, ProcessTicks],
    after: Mapping[int, ProcessTicks],
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


def _with_children(processes: Mapping[int, ProcessTicks], roots: Collection[int]) -> set[int]:
    family = set(roots)
    size = -1
    while len(family) > size:
        size = len(family)
        family |= {each.pid for each in processes.values() if each.parent in family}
    return family


# --- interrupts -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Interrupt:
    """One device interrupt: the CPUs it may go to, those it goes to, and how often it came.

    `counts` are per CPU, since boot or, as `since` returns it, since an earlier reading.
    """

    number: int
    device: str
    allowed: tuple[int, ...]
    effective: tuple[int, ...]
    counts: Mapping[int, int]

    def on(self, cpus: tuple[int, ...]) -> int:
        return sum(self.counts.get(cpu, 0) for cpu in cpus)

    def since(self, earlier: Mapping[int, int]) -> "Interrupt":
        counts = {cpu: max(0, n - earlier.get(cpu, 0)) for cpu, n in self.counts.items()}
        return Interrupt(self.number, self.device, self.allowed, self.effective, counts)


def affinity_file(number: int) -> str:
    return f"/proc/irq/{number}/smp_affinity_list"


def interrupts(tree: KernelTree = REAL) -> tuple[Interrupt, ...]:
    """Every device interrupt that has come at least once. Timers and the like are not among them.

    One that never came disturbs nobody, and most machines list dozens of those.
    """
    found = (_interrupt(line, tree) for line in _numbered_lines(tree))
    return tuple(one for one in found if one.allowed and any(one.counts.values()))


def _numbered_lines(tree: KernelTree) -> list[tuple[int, dict[int, int], str]]:
    """(number, count per CPU, device) of each line of /proc/interrupts with a number."""
    header, *lines = tree.read("/proc/interrupts").splitlines() or [""]
    cpus = [int(cpu) for cpu in re.findall(r"CPU(\d+)", header)]
    found = []
    for line in lines:
        label, _, rest = line.partition(":")
        with suppress(ValueError):
            number, fields = int(label), rest.split()
            counts = dict(zip(cpus, map(int, fields), strict=False))
            found.append((number, counts, " ".join(fields[len(cpus) + 2 :])))
    return found


def _interrupt(line: tuple[int, dict[int, int], str], tree: KernelTree) -> Interrupt:
    number, counts, device = line
    return Interrupt(
        number=number,
        device=device,
        allowed=tree.cpus(affinity_file(number)),
        effective=tree.cpus(f"/proc/irq/{number}/effective_affinity_list"),
        counts=counts,
    )
