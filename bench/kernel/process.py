"""A process as /proc shows it: its status, its family and its memory.

The lines of a status are found by name. Which there are, and in which order, differs from kernel to
kernel: since 6.6 x86 writes `x86_Thread_features` after the context switches, which were last until
then. The fields of a stat have fixed numbers (proc_pid_stat(5)).

Everything here raises FileNotFoundError or ProcessLookupError when the process is gone (`GONE`).
`proc` is where /proc is.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PROC = "/proc"
GONE = (ProcessLookupError, FileNotFoundError)
TICK_S = 1 / os.sysconf("SC_CLK_TCK")
"""What the kernel counts the CPU time of a process and of a CPU in."""


def read_bytes(name: str) -> bytes:
    """A file of the kernel's. Without Path and io, which cost more here than the kernel does."""
    descriptor = os.open(name, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return b"".join(iter(lambda: os.read(descriptor, 65536), b""))
    finally:
        os.close(descriptor)


def _text(name: str) -> str:
    return read_bytes(name).decode(errors="replace")


# --- status -----------------------------------------------------------------------------------


def fields_of(text: str) -> dict[str, str]:
    """The value of each line by its name, without the white space around it."""
    lines = (line.partition(":") for line in text.splitlines())
    return {name: value.strip() for name, _, value in lines}


def process_status(pid: int, proc: str = PROC) -> dict[str, str]:
    """The fields of /proc/PID/status by name, as written. Raises OSError when it has ended."""
    return fields_of(_text(f"{proc}/{pid}/status"))


def thread_status(pid: int, thread: int, proc: str = PROC) -> dict[str, str]:
    """The same of one of its threads."""
    return fields_of(_text(f"{proc}/{pid}/task/{thread}/status"))


def process_environment(pid: int, proc: str = PROC) -> dict[str, str]:
    """The environment that a process was started with. Raises PermissionError for others'."""
    words = _text(f"{proc}/{pid}/environ").split("\0")
    return {
        name: value for name, equals, value in (word.partition("=") for word in words) if equals
    }


def size_bytes(fields: Mapping[str, str], name: str) -> int:
    """The size that a field such as `VmHWM` gives in kB. Raises KeyError where it has none."""
    return int(fields[name].removesuffix("kB")) * 1024


def threads_of(pid: int, proc: str = PROC) -> list[int]:
    """The threads that a process has now."""
    return list(map(int, os.listdir(f"{proc}/{pid}/task")))


# --- stat -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Stat:
    """What the lab needs of a stat. Times are clock ticks; the start is counted from boot.

    `ended_children_ticks` are of children that have ended and were waited for.
    """

    pid: int
    name: str
    state: str
    parent: int
    session: int
    ticks: int
    ended_children_ticks: int
    started_ticks: int
    cpu: int


def parse_stat(text: str) -> Stat | None:
    """A process from its stat; None from what is none: it may end while it is being read."""
    head, bracket, tail = text.rpartition(")")  # its name may have blanks and brackets
    if not bracket:
        return None
    pid, _, name = head.partition(" (")
    fields = ["", "", "", *tail.split()]  # so that numbers are those of the manual page
    return Stat(
        pid=int(pid),
        name=name,
        state=fields[3],
        parent=int(fields[4]),
        session=int(fields[6]),
        ticks=int(fields[14]) + int(fields[15]),
        ended_children_ticks=int(fields[16]) + int(fields[17]),
        started_ticks=int(fields[22]),
        cpu=int(fields[39]),
    )


def process_stat(pid: int, proc: str = PROC) -> Stat:
    """A process's stat. Raises ProcessLookupError also when it ends in that moment."""
    found = parse_stat(_text(f"{proc}/{pid}/stat"))
    if found is None:
        raise ProcessLookupError(f"no process {pid}")
    return found


def user_and_system_ticks(pid: int, proc: str = PROC) -> tuple[int, int]:
    """Clock ticks that a process has spent in its own code and in the kernel so far."""
    fields = read_bytes(f"{proc}/{pid}/stat").rpartition(b")")[2].split()
    return int(fields[14 - 3]), int(fields[15 - 3])


def every_stat(proc: str = PROC) -> Iterator[Stat]:
    """The stat of every process that may be seen."""
    for name in os.listdir(proc):
        if name.isdigit():
            with suppress(OSError):
                yield process_stat(int(name), proc)


def working_in(folder: Path, proc: str = PROC) -> list[Stat]:
    """Processes whose working folder is this one or below, as far as they may be seen."""
    found = []
    for stat in every_stat(proc):
        with suppress(OSError):
            if Path(f"{proc}/{stat.pid}/cwd").readlink().is_relative_to(folder.resolve()):
                found.append(stat)
    return found


def ended_children_s(pid: int, proc: str = PROC) -> float:
    """CPU seconds of a process's children that have ended."""
    # Several times a second and process: no more is looked at than is needed.
    fields = read_bytes(f"{proc}/{pid}/stat").rpartition(b")")[2].split()
    return (int(fields[16 - 3]) + int(fields[17 - 3])) * TICK_S


# --- family -----------------------------------------------------------------------------------


def family_of(root: int, proc: str = PROC) -> dict[int, tuple[int, ...]]:
    """`root` and all its living descendants, parents before children, each with its children."""
    if not _lists_children(root, proc):
        return _family_by_parents(root, proc)
    family: dict[int, tuple[int, ...]] = {}
    coming = [root]
    for pid in coming:
        family[pid] = _children(pid, proc)
        coming.extend(family[pid])
    return family


def _lists_children(pid: int, proc: str) -> bool:
    """Whether this kernel lists a thread's children (CONFIG_PROC_CHILDREN)."""
    task = Path(f"{proc}/{pid}/task/{pid}")
    return (task / "children").exists() or not (task / "status").exists()


def _children(pid: int, proc: str) -> tuple[int, ...]:
    children: tuple[int, ...] = ()
    with suppress(*GONE):
        for task in os.listdir(f"{proc}/{pid}/task"):
            # Each by itself: a thread that ends meanwhile must not hide the others' children.
            with suppress(*GONE):
                listed = read_bytes(f"{proc}/{pid}/task/{task}/children").split()
                children += tuple(map(int, listed))
    return children


def eldest_children(pid: int, proc: str = PROC) -> bytes | None:
    """The children of a process's first thread, as the kernel lists them; None where it does not.

    One file: whether there are others than before costs next to nothing to know.
    """
    with suppress(OSError):
        return read_bytes(f"{proc}/{pid}/task/{pid}/children")
    return None


def _family_by_parents(root: int, proc: str) -> dict[int, tuple[int, ...]]:
    """The same from every process's parent: dearer, and needed where children are not listed."""
    parents = {stat.pid: stat.parent for stat in every_stat(proc)}
    family: dict[int, tuple[int, ...]] = {}
    coming = [root]
    for pid in coming:
        family[pid] = tuple(sorted(child for child, parent in parents.items() if parent == pid))
        coming.extend(family[pid])
    return family


# --- memory -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sizes:
    """A process's memory: shared pages in shares, its own alone, and all that is resident."""

    pss_bytes: int
    uss_bytes: int
    rss_bytes: int


def memory_sizes(pid: int, proc: str = PROC) -> Sizes | None:
    """A process's memory now, for about 1 ms; None where the kernel does not count it so or this
    user may not see it.
    """
    for name in ("smaps_rollup", "smaps"):
        try:
            return _sizes(_text(f"{proc}/{pid}/{name}"))
        except FileNotFoundError:
            process_stat(pid, proc)  # raises when it is the process that is gone
        except PermissionError:
            return None
    return None


def _sizes(text: str) -> Sizes:
    """Added up: a `smaps` has each line once for each mapping, a rollup once in all."""
    sizes: dict[str, int] = {}
    for line in text.splitlines():
        name, _, value = line.partition(":")
        if value.endswith("kB"):
            sizes[name] = sizes.get(name, 0) + int(value.removesuffix("kB")) * 1024
    own = ("Private_Clean", "Private_Dirty", "Private_Hugetlb")
    return Sizes(
        pss_bytes=sizes.get("Pss", 0),
        uss_bytes=sum(sizes.get(name, 0) for name in own),
        rss_bytes=sizes.get("Rss", 0),
    )
