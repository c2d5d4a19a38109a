"""CPU time, switches and memory of a process tree, read from the kernel.

CPU time comes from the processes' own CPU clocks. Ticks of 10 ms are used for one thing only:
children that have ended, whose time the parent inherits.
"""

import os
from collections.abc import Iterator
from contextlib import suppress

import psutil

from bench.cpuclock import process_cpu_s
from bench.model import Memory, Usage
from bench.procstatus import thread_status

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")
_GONE = (ProcessLookupError, FileNotFoundError, psutil.NoSuchProcess)


def descendants(root: int) -> list[int]:
    """`root` and all its living descendants, parents before children."""
    return list(_family(root))


def _family(root: int) -> dict[int, tuple[int, ...]]:
    """`root` and all its living descendants, parents before children, each with its children."""
    family: dict[int, tuple[int, ...]] = {}
    coming = [root]
    for pid in coming:
        children: tuple[int, ...] = ()
        with suppress(*_GONE):
            for task in os.listdir(f"/proc/{pid}/task"):
                children += tuple(map(int, _read(f"/proc/{pid}/task/{task}/children").split()))
        family[pid] = children
        coming.extend(children)
    return family


def _read(name: str) -> bytes:
    """A file of the kernel's. Without Path and io, which cost more here than the kernel does."""
    descriptor = os.open(name, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return b"".join(iter(lambda: os.read(descriptor, 65536), b""))
    finally:
        os.close(descriptor)


def _ended_children_s(pid: int) -> float:
    # The fields of proc_pid_stat(5) from the third on: those behind the command's bracket.
    fields = _read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
    return (int(fields[13]) + int(fields[14])) * _TICK_S


def tree_cpu_s(pids: list[int]) -> float:
    """CPU seconds of these processes and of their children that have ended."""
    total = 0.0
    for pid in pids:
        with suppress(*_GONE):
            total += process_cpu_s(pid) + _ended_children_s(pid)
    return total


class TreeClock:
    """CPU time of a process tree, cheap enough to be read several times a second.

    Which processes there are is looked up in every `LOOK_EVERY`-th reading only: a process that has
    just been started counts a little later, and then with all that it has used. One that has ended
    counts on as its parent's ended child. A tree that has not run since the last look, like that of
    a frozen unit, has started no process and is not looked at.
    """

    LOOK_EVERY = 8

    def __init__(self, root: int) -> None:
        self._root = root
        self._others: tuple[int, ...] = ()
        self._parents: tuple[int, ...] = ()
        self._readings_since_look = self.LOOK_EVERY
        self._before_look_s: float | None = None

    def cpu_s(self) -> float:
        """CPU seconds so far. Raises ProcessLookupError when the root has ended."""
        total_s = self._total_s()
        if self._readings_since_look >= self.LOOK_EVERY and total_s != self._before_look_s:
            # From before the look: what forks while it goes on makes the next sum another one.
            self._before_look_s = total_s
            self._look()
            total_s = self._total_s()
            self._readings_since_look = 0
        self._readings_since_look += 1
        return total_s

    def _total_s(self) -> float:
        total_s = process_cpu_s(self._root)
        for pid in self._others:
            with suppress(*_GONE):
                total_s += process_cpu_s(pid)
        for pid in self._parents:
            with suppress(*_GONE):
                total_s += _ended_children_s(pid)
        return total_s

    def _look(self) -> None:
        family = _family(self._root)
        self._others = tuple(pid for pid in family if pid != self._root)
        # The root always: children that ended before this look are its own.
        self._parents = tuple(pid for pid in family if family[pid] or pid == self._root)


def _switches(pid: int) -> Iterator[tuple[int, int, int]]:
    """(threads, voluntary, involuntary) of each thread; /proc/PID/status knows only the first."""
    for thread in os.listdir(f"/proc/{pid}/task"):
        counts = thread_status(pid, int(thread))
        yield 1, int(counts["voluntary_ctxt_switches"]), int(counts["nonvoluntary_ctxt_switches"])


def tree_usage(root: int) -> Usage:
    """Totals of the tree at this moment. The CPU clocks are read first and together."""
    pids = descendants(root)
    return usage_of(pids, tree_cpu_s(pids))


def usage_of(pids: list[int], cpu_s: float) -> Usage:
    """Threads and switches of these processes, beside the CPU time that was read before."""
    rows: list[tuple[int, int, int]] = []
    for pid in pids:
        with suppress(*_GONE):
            rows.extend(_switches(pid))
    return Usage(
        cpu_s=cpu_s,
        processes=len(pids),
        threads=sum(row[0] for row in rows),
        voluntary_switches=sum(row[1] for row in rows),
        involuntary_switches=sum(row[2] for row in rows),
    )


def tree_memory(root: int) -> Memory:
    """Memory of the tree, from smaps_rollup: about 1 ms per process."""
    return memory_of(descendants(root))


def memory_of(pids: list[int]) -> Memory:
    """Memory of these processes together."""
    sizes = []
    for pid in pids:
        with suppress(*_GONE):
            sizes.append(psutil.Process(pid).memory_full_info())
    return Memory(
        pss_bytes=sum(size.pss for size in sizes),
        uss_bytes=sum(size.uss for size in sizes),
        rss_bytes=sum(size.rss for size in sizes),
    )
