"""One life of a process id: what tells a process from all others that ever had its number.

A number alone is whoever has it now. With the tick since boot in which that process was started,
the boot, and the namespace in which the number holds, it is one process for ever. None of them
depends on a clock that can be set: a time of day, such as psutil's `create_time`, is made of the
kernel's `btime`, which moves when the clock is stepped and when a machine resumes.
"""

import os
import signal
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bench.kernel.process import GONE, PROC, process_stat

_ENDED = ("Z", "X")
_STOPPED = ("T", "t")


@dataclass(frozen=True)
class Life:
    """A process of one boot, as seen from one namespace of process ids."""

    pid: int
    started_ticks: int
    boot: str
    namespace: str


@cache
def boot_id(proc: str = PROC) -> str:
    """Which start of the machine this is; "" where the kernel does not say."""
    with suppress(OSError):
        return Path(f"{proc}/sys/kernel/random/boot_id").read_text().strip()
    return ""


@cache
def namespace(proc: str = PROC) -> str:
    """In which namespace this process's numbers hold; "" where the kernel does not say."""
    with suppress(OSError):
        return str(Path(f"{proc}/self/ns/pid").readlink())
    return ""


def life_of(pid: int, proc: str = PROC) -> Life:
    """The life of whoever has this number now. Raises FileNotFoundError or ProcessLookupError."""
    return Life(pid, process_stat(pid, proc).started_ticks, boot_id(proc), namespace(proc))


def lives_of(pids: Iterable[int], proc: str = PROC) -> list[Life]:
    """The lives of those that are still there."""
    found = []
    for pid in pids:
        with suppress(*GONE):
            found.append(life_of(pid, proc))
    return found


def state_of(life: Life, proc: str = PROC) -> str:
    """The kernel's letter for what it does; "" when it has ended, whoever has its number now."""
    if (life.boot, life.namespace) != (boot_id(proc), namespace(proc)):
        return ""
    with suppress(*GONE):
        stat = process_stat(life.pid, proc)
        if stat.started_ticks == life.started_ticks and stat.state not in _ENDED:
            return stat.state
    return ""


def lives(life: Life, proc: str = PROC) -> bool:
    """Whether it has not ended. One that nobody has waited for yet has."""
    return state_of(life, proc) != ""


def is_stopped(life: Life, proc: str = PROC) -> bool:
    """Whether it was stopped by a signal."""
    return state_of(life, proc) in _STOPPED


def is_out_of_sight(life: Life, proc: str = PROC) -> bool:
    """Whether it was started in this boot where other numbers hold: in a container, or outside of
    ours. Nothing can be said of it from here.
    """
    return life.boot == boot_id(proc) and life.namespace != namespace(proc)


def tell(life: Life, number: signal.Signals) -> None:
    """Send a signal to this process and no other. One that has ended is no error."""
    with suppress(ProcessLookupError):
        descriptor = os.pidfd_open(life.pid)
        try:
            # From here on the descriptor is one process, whatever becomes of the number.
            if lives(life):
                signal.pidfd_send_signal(descriptor, number)
        finally:
            os.close(descriptor)
