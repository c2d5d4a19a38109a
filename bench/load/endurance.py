"""Memory over a long run: that it does not grow with the number of requests.

Latencies are folded into histograms block by block, and what is remembered of created items has a
bound. One window of as many requests as you like shows it, on a server with nothing behind it.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.kernel.process import process_status, size_bytes
from bench.load.generator import Generator
from bench.load.nullserver import Behaviour, running
from bench.model import ClosedLoop, LoadSpec, Progress, Rows, Share

LIMIT_BYTES = 200_000_000

_CONCURRENCY = 20

_SHARES = (Share("read", 2, ids=Rows(1, Behaviour.rows)), Share("create"), Share("list"))
"""Creates are among them: they are what the generator remembers."""


@dataclass(frozen=True)
class Endurance:
    """One long window: its requests, and the most memory that each process has had by its end."""

    succeeded: int
    failed: int
    duration_s: float
    generator_peak_bytes: int
    lab_peak_bytes: int

    @property
    def is_flat(self) -> bool:
        """Whether neither process ever held more than `LIMIT_BYTES`."""
        return max(self.generator_peak_bytes, self.lab_peak_bytes) < LIMIT_BYTES


def measure_endurance(
    generator_cpus: Sequence[int],
    server_cpus: Sequence[int],
    requests: int,
    on_progress: Callable[[Progress], None],
) -> Endurance:
    """Send so many requests in one closed-loop window."""
    with running(server_cpus, Behaviour()) as base_url, Generator(generator_cpus) as generator:
        pacing = ClosedLoop(_CONCURRENCY)
        generator.prepare(LoadSpec(base_url, _SHARES, pacing, seed=1, requests=requests))
        generator.go(on_progress)
        result = generator.collect()
        return Endurance(
            result.succeeded,
            result.failed,
            result.duration_s,
            _peak_bytes(generator.pid),
            _peak_bytes(os.getpid()),
        )


def _peak_bytes(pid: int) -> int:
    """The high-water mark of a process's resident memory, proc_pid_status(5)."""
    return size_bytes(process_status(pid), "VmHWM")
