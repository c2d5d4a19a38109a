"""Memory, swap, and how long work has waited for resources."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bench.kernel import REAL, KernelTree


@dataclass(frozen=True)
class MachineMemory:
    """The machine's memory. `swapped_in` and `swapped_out` count pages since boot."""

    total_bytes: int
    available_bytes: int
    swap_used_bytes: int
    swapped_in: int
    swapped_out: int


def memory(tree: KernelTree = REAL) -> MachineMemory:
    """The machine's memory in bytes, and the pages swapped since boot."""
    sizes = dict(re.findall(r"^(\w+):\s+(\d+) kB$", tree.read("/proc/meminfo"), re.MULTILINE))
    kib = {name: int(size) for name, size in sizes.items()}
    pages_in, pages_out = swapped_pages(tree)
    return MachineMemory(
        total_bytes=kib.get("MemTotal", 0) * 1024,
        available_bytes=kib.get("MemAvailable", 0) * 1024,
        swap_used_bytes=(kib.get("SwapTotal", 0) - kib.get("SwapFree", 0)) * 1024,
        swapped_in=pages_in,
        swapped_out=pages_out,
    )


def swapped_pages(tree: KernelTree = REAL) -> tuple[int, int]:
    """Pages swapped (in, out) since boot."""
    counts = dict(re.findall(r"^(pswp\w+) (\d+)$", tree.read("/proc/vmstat"), re.MULTILINE))
    return int(counts.get("pswpin", 0)), int(counts.get("pswpout", 0))


def pressure(tree: KernelTree = REAL) -> Mapping[str, float]:
    """Share of the last 10 s in which some task waited for cpu, memory or io.

    A kernel that does not count pressure has no entries.
    """
    found = {}
    for resource in ("cpu", "memory", "io"):
        text = tree.read(f"/proc/pressure/{resource}")
        if match := re.search(r"^some avg10=([\d.]+)", text, re.MULTILINE):
            found[resource] = float(match[1]) / 100
    return found
