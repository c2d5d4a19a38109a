"""The sampler: CPU and memory of every role through the whole run, from one thread.

CPU is read four times a second, of many units less often. PSS (1 to 2 ms per process) is read
seldom, and not at all of a unit that has not run meanwhile. So the sampler itself stays under one
percent of a core, and it measures what it costs.
"""

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from bench.errors import LabError
from bench.model import Sample

PERIOD_S = 0.25
UNITS_PER_PERIOD = 10
"""Units that can be read in each period: more take two, three, and so on."""
RAN_S = 0.001
SLOW_SHARE = 0.1
"""A reading that takes a larger share of the period is no reading: its moment is not known."""


@dataclass(frozen=True)
class Probe:
    """How to read one unit: cumulative CPU seconds, and PSS every `memory_every` readings.

    `pid` tells the first process of those that were read last. A unit that has used less than
    `RAN_S` since its memory was read still has that memory.
    """

    unit: str
    cpu_s: Callable[[], float]
    pss_bytes: Callable[[], int | None]
    memory_every: int = 40
    pid: Callable[[], int | None] = lambda: None


def period_for(units: int) -> float:
    """Seconds from one reading of so many units to the next: what it costs grows with them, and the
    sampler's share of a core must not.
    """
    return PERIOD_S * max(1, math.ceil(units / UNITS_PER_PERIOD))


class Sampler:
    """Reads probes in a thread and hands each Sample to `keep`, between `start` and `stop`.

    `period_s` is what lies between two readings, in seconds: by default what the number of probes
    allows.
    """

    def __init__(
        self,
        probes: tuple[Probe, ...],
        keep: Callable[[tuple[Sample, ...]], None],
        period_s: float | None = None,
    ) -> None:
        self._probes = probes
        self._keep = keep
        self.period_s = period_for(len(probes)) if period_s is None else period_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sampler", daemon=True)
        self._cpu_s = 0.0
        self._started_at = 0.0
        self._ended_at = 0.0
        self._failure: Exception | None = None
        self._cpu_at_memory: dict[str, float] = {}

    def __enter__(self) -> "Sampler":
        self._started_at = time.monotonic()
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Raises what ended the thread, unless there is an exception already."""
        self._stop.set()
        self._thread.join()
        if kind is None:
            self.require_alive()

    def require_alive(self) -> None:
        """Raises what ended the thread before its time: a run without samples is not complete."""
        if self._failure is not None:
            raise self._failure

    @property
    def own_share(self) -> float:
        """CPU that the sampler used, as a share of one core."""
        elapsed = (self._ended_at or time.monotonic()) - self._started_at
        return self._cpu_s / elapsed if elapsed > 0 else 0.0

    def _run(self) -> None:
        try:
            self._sample()
        except Exception as error:  # noqa: BLE001  # for the thread that measures to raise
            self._failure = error
        self._ended_at = time.monotonic()

    def _sample(self) -> None:
        due = time.monotonic()
        turn = 0
        while not self._stop.wait(max(0.0, due - time.monotonic())):
            samples = (self._read(probe, turn) for probe in self._probes)
            self._keep(tuple(sample for sample in samples if sample))
            self._cpu_s = time.thread_time()
            # A late reading moves the next ones: two readings in a row would say nothing new.
            due = max(due + self.period_s, time.monotonic())
            turn += 1

    def _read(self, probe: Probe, turn: int) -> Sample | None:
        try:
            before_s = time.time()
            cpu_s = probe.cpu_s()
            after_s = time.time()
            if after_s - before_s > SLOW_SHARE * self.period_s:
                return None  # held up meanwhile: nobody knows when the count was that
            due = turn % probe.memory_every == 0 and self._has_run(probe.unit, cpu_s)
            pss_bytes = probe.pss_bytes() if due else None
            return Sample((before_s + after_s) / 2, probe.unit, cpu_s, pss_bytes, probe.pid())
        except (LabError, OSError):
            return None  # the unit is gone; whoever measures it says so

    def _has_run(self, unit: str, cpu_s: float) -> bool:
        """Whether the unit has run since its memory was read; remembers that it is read now."""
        before = self._cpu_at_memory.get(unit)
        if before is not None and 0 <= cpu_s - before < RAN_S:
            return False
        self._cpu_at_memory[unit] = cpu_s
        return True
