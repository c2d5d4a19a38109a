"""How much CPU a cgroup may use, and how often it was stopped for having used it up.

A limit anywhere between a process's cgroup and the root holds, so all levels are read, as far as
they are mounted here: in a container that is the container's own cgroup.
"""

import re
from dataclasses import dataclass

from bench.kernel import REAL, KernelTree
from bench.kernel.cgroup import folders_of


@dataclass(frozen=True)
class Quota:
    """`cpus` is the tightest limit, in CPUs (None: no limit); the others are totals so far."""

    cpus: float | None = None
    throttled: int = 0
    throttled_s: float = 0.0


def quota(process: str = "self", tree: KernelTree = REAL) -> Quota:
    """The quota that holds for a process, given by its pid or as "self"."""
    folders = folders_of(process, "cpu", tree)
    limits = [limit for folder in folders if (limit := _limit(folder, tree)) is not None]
    throttling = [_throttling(folder, tree) for folder in folders]
    return Quota(
        cpus=min(limits, default=None),
        throttled=sum(times for times, _ in throttling),
        throttled_s=sum(seconds for _, seconds in throttling),
    )


def _limit(folder: str, tree: KernelTree) -> float | None:
    time = tree.read(f"{folder}/cpu.cfs_quota_us")
    period = tree.read(f"{folder}/cpu.cfs_period_us")
    if unified := tree.read(f"{folder}/cpu.max"):
        time, _, period = unified.partition(" ")
    if not (time.isdigit() and period.isdigit() and int(period)):
        return None  # "max", "-1", or nothing to read
    return int(time) / int(period)


def _throttling(folder: str, tree: KernelTree) -> tuple[int, float]:
    """(times, seconds): version 2 counts microseconds, version 1 nanoseconds."""
    text = tree.read(f"{folder}/cpu.stat")
    counts = {name: int(n) for name, n in re.findall(r"^(\w+) (\d+)$", text, re.MULTILINE)}
    seconds = counts.get("throttled_usec", 0) / 1e6 + counts.get("throttled_time", 0) / 1e9
    return counts.get("nr_throttled", 0), seconds
