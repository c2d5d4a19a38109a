"""The spin probe: how fast is this CPU just now?

The same work, counted in iterations and not in time, takes longer on a CPU that is clocked down,
shares its core with a busy neighbour, or loses time to a hypervisor that does not admit it. The
work is interpreted Python over a small dictionary, since that is what the services do, and small
enough for the inner caches, so that it leaves the app's memory in the outer ones.

It runs in a thread of the caller, which moves itself to the CPU: nothing has to be started, and
nothing stays behind. It is meant for the pauses beside a window, never for the window itself.
"""

import os
import threading
import time
from dataclasses import dataclass

PIECES = 5
"""Odd, so that there is a middle one. The first finds a CPU that may just have woken up."""

ITERATIONS = 20_000
"""Per piece: about 4 ms on a server of 2021, 20 ms in all."""


@dataclass(frozen=True)
class Spin:
    """CPU and wall time of the middle one, by CPU time, of equal pieces of work on a CPU.

    Wall time above CPU time says that something else ran on that CPU in between.
    """

    cpu: int
    cpu_s: float
    wall_s: float


def spin(cpus: tuple[int, ...]) -> tuple[Spin, ...]:
    """Probe these CPUs, one after the other. A CPU that may not be used is left out."""
    found: list[Spin] = []
    for cpu in cpus:
        thread = threading.Thread(target=_probe, args=(cpu, found), name="spin")
        thread.start()
        thread.join()
    return tuple(found)


def _probe(cpu: int, found: list[Spin]) -> None:
    try:
        os.sched_setaffinity(0, (cpu,))  # of this thread only
    except OSError:
        return
    pieces = sorted(_piece() for _ in range(PIECES))
    found.append(Spin(cpu, *pieces[PIECES // 2]))


def _piece() -> tuple[float, float]:
    """(CPU seconds, wall seconds) of one piece."""
    wall_s, cpu_s = time.perf_counter(), time.thread_time()
    work(ITERATIONS)
    return time.thread_time() - cpu_s, time.perf_counter() - wall_s


def work(iterations: int) -> int:
    """A fixed amount of interpreted work: the same steps, and the same answer, every time."""
    table: dict[int, str] = {}
    checksum = 0
    for number in range(iterations):
        key = checksum & 255
        table[key] = text = str(number)
        checksum = (checksum * 31 + len(text) + key) & 0xFFFF
    return checksum
