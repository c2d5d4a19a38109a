"""How the sampler reads the units of a lab, and whoever makes the load."""

from collections.abc import Iterator

from bench.experiment.engines import Engines
from bench.experiment.lab import Lab
from bench.load.engine import Engine
from bench.model import Memory
from bench.sampling import Probe
from bench.supervise.proctree import TreeClock, tree_memory

MEMORY_EVERY = 40
"""Readings of the sampler for each of memory: every 10 s, or 20 s with more than ten units."""

DATABASE_MEMORY_EVERY = 240
"""A database is some 25 processes: its PSS costs 25 ms and more."""


def unit_probes(lab: Lab) -> Iterator[Probe]:
    """How the sampler reads every unit of the lab."""
    supervisor = lab.supervisor
    databases = {cluster.unit_name for cluster in lab.clusters(lab.targets)}
    for name in lab.all_unit_names():
        yield Probe(
            unit=name,
            cpu_s=lambda name=name: supervisor.cpu_s(name),  # type: ignore[misc]
            pid=lambda name=name: supervisor.counted_pid(name),  # type: ignore[misc]
            pss_bytes=lambda name=name: _pss_bytes(supervisor.memory(name)),  # type: ignore[misc]
            memory_every=DATABASE_MEMORY_EVERY if name in databases else MEMORY_EVERY,
        )


def _pss_bytes(memory: Memory | None) -> int | None:
    return memory.pss_bytes if memory else None


def engine_probe(engine: Engine | Engines) -> Probe:
    """How the sampler reads whoever makes the load."""
    return Probe(
        unit="generator",
        cpu_s=_Cumulated(engine).cpu_s,
        pss_bytes=lambda: _pss_bytes(tree_memory(engine.pid)),
        memory_every=MEMORY_EVERY,
    )


class _Cumulated:
    """The CPU time of an engine that may have another process for each window."""

    def __init__(self, engine: Engine | Engines) -> None:
        self._engine = engine
        self._pid: int | None = None
        self._clock: TreeClock | None = None
        self._before_s = self._latest_s = 0.0

    def cpu_s(self) -> float:
        pid = self._engine.pid
        if self._clock is None or pid != self._pid:
            self._pid, self._clock = pid, TreeClock(pid)
            self._before_s += self._latest_s
        self._latest_s = self._clock.cpu_s()
        return self._before_s + self._latest_s
