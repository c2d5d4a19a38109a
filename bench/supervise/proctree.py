"""CPU time, switches and memory of a process tree, read from the kernel.

CPU time comes from the processes' own CPU clocks. Ticks of 10 ms are used for one thing only:
children that have ended, whose time the parent inherits.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress

from bench.cpuclock import process_cpu_s
from bench.kernel.process import (
    GONE,
    PROC,
    Sizes,
    eldest_children,
    ended_children_s,
    family_of,
    memory_sizes,
    thread_status,
    threads_of,
)
from bench.model import Memory, Usage
from bench.placement import parse_cpulist


def descendants(root: int) -> list[int]:
    """`root` and all its living descendants, parents before children."""
    return list(family_of(root))


def tree_cpu_s(pids: list[int]) -> float:
    """CPU seconds of these processes and of their children that have ended."""
    total = 0.0
    for pid in pids:
        with suppress(*GONE):
            total += process_cpu_s(pid) + ended_children_s(pid)
    return total


def exact_cpu_s(root: int) -> float:
    """CPU seconds of the tree at this moment, with every process that it has or had.

    Raises ProcessLookupError or FileNotFoundError when the root has ended.
    """
    while True:
        ended_s = ended_children_s(root)
        others_s = tree_cpu_s([pid for pid in descendants(root) if pid != root])
        total_s = process_cpu_s(root) + others_s + ended_s
        # A child that ended in between would count twice or not at all.
        if ended_children_s(root) == ended_s:
            return total_s


class TreeClock:
    """CPU time of a process tree, cheap enough to be read several times a second.

    Which processes there are is looked up when the first one has other children than before: the
    workers of a server, the sessions of a database. What those start in turn is looked for in every
    `LOOK_EVERY`-th reading only, and counts then with all that it has used; so does everything
    where the kernel does not list children. One that has ended counts on as its parent's ended
    child. A tree that has not run since the last look, like that of a frozen unit, has started no
    process and is not looked at.
    """

    LOOK_EVERY = 8

    def __init__(self, root: int) -> None:
        self._root = root
        self._others: tuple[int, ...] = ()
        self._parents: tuple[int, ...] = ()
        self._readings_since_look = self.LOOK_EVERY
        self._before_look_s: float | None = None
        self._children: bytes | None = None

    @property
    def root(self) -> int:
        """The first process of the tree."""
        return self._root

    def cpu_s(self) -> float:
        """CPU seconds so far. Raises ProcessLookupError when the root has ended."""
        total_s = self._total_s()
        if total_s != self._before_look_s and self._is_due():
            # From before the look: what forks while it goes on makes the next sum another one.
            self._before_look_s = total_s
            self._look()
            total_s = self._total_s()
            self._readings_since_look = 0
        self._readings_since_look += 1
        return total_s

    def _is_due(self) -> bool:
        """Whether there may be processes that have not been seen yet."""
        before, self._children = self._children, eldest_children(self._root)
        return self._children != before or self._readings_since_look >= self.LOOK_EVERY

    def _total_s(self) -> float:
        total_s = process_cpu_s(self._root)
        for pid in self._others:
            with suppress(*GONE):
                total_s += process_cpu_s(pid)
        for pid in self._parents:
            with suppress(*GONE):
                total_s += ended_children_s(pid)
        return total_s

    def _look(self) -> None:
        family = family_of(self._root)
        self._others = tuple(pid for pid in family if pid != self._root)
        # The root always: children that ended before this look are its own.
        self._parents = tuple(pid for pid in family if family[pid] or pid == self._root)


def _thread_statuses(pid: int, proc: str) -> Iterator[dict[str, str]]:
    """That of each thread: /proc/PID/status knows only the first's switches and CPUs."""
    for thread in threads_of(pid, proc):
        with suppress(*GONE):
            yield thread_status(pid, thread, proc)


def tree_usage(root: int) -> Usage:
    """Totals of the tree at this moment. The CPU clocks are read first and together."""
    pids = descendants(root)
    return usage_of(pids, tree_cpu_s(pids))


def usage_of(pids: list[int], cpu_s: float, proc: str = PROC) -> Usage:
    """Threads, switches and CPUs of these processes, beside the CPU time that was read before."""
    threads = 0
    switches: dict[int, tuple[int, int]] = {}
    allowed: set[str] = set()
    for pid in pids:
        with suppress(*GONE):
            statuses = list(_thread_statuses(pid, proc))
            threads += len(statuses)
            voluntary, involuntary = (
                sum(int(status[name]) for status in statuses)
                for name in ("voluntary_ctxt_switches", "nonvoluntary_ctxt_switches")
            )
            switches[pid] = voluntary, involuntary
            allowed.update(status.get("Cpus_allowed_list", "") for status in statuses)
    cpus = sorted({cpu for text in allowed for cpu in parse_cpulist(text)})
    return Usage(cpu_s, threads, switches, tuple(cpus))


def tree_memory(root: int) -> Memory | None:
    """Memory of the tree: about 1 ms per process. None where it is not known of all of it."""
    sizes = sizes_of(descendants(root))
    return None if sizes is None else Memory(sizes.pss_bytes, sizes.uss_bytes, sizes.rss_bytes)


def sizes_of(pids: Iterable[int], proc: str = PROC) -> Sizes | None:
    """Memory of these processes together, None when that of one that lives is not known."""
    total = Sizes(0, 0, 0)
    for pid in pids:
        with suppress(*GONE):
            sizes = memory_sizes(pid, proc)
            if sizes is None:
                return None
            total = Sizes(
                total.pss_bytes + sizes.pss_bytes,
                total.uss_bytes + sizes.uss_bytes,
                total.rss_bytes + sizes.rss_bytes,
            )
    return total
