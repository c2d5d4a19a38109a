"""Memory of every service: idle, loaded and at its highest, in bytes of PSS."""

from dataclasses import dataclass
from itertools import pairwise

from bench.analysis.stored import StoredRun
from bench.model import PhaseResult, Role, Sample, TargetRecord

ROLES: tuple[Role, ...] = ("app", "database")

PAUSE_S = 5.0
"""Readings further apart than this belong to different sittings of a resumed run."""

_CHANGE_S = 2.0
"""So long before its end and after its beginning a process has not all of its memory."""


@dataclass(frozen=True)
class MemoryUse:
    """PSS in bytes, None where it was not read.

    Idle: the sampler's first reading, before the target's first cell. Loaded: the mean of what was
    read just after each window. Peak: the highest of all readings; between two of them it may
    have been higher. Readings while a process began or ended are none of these. Of a database
    server that several targets of the run share the sampler knows no more than the whole: none of
    its readings are any one target's.
    """

    target: str
    role: Role
    idle_bytes: int | None
    loaded_bytes: int | None
    peak_bytes: int | None


def unit_name(target: TargetRecord, role: Role) -> str:
    """The unit of a target's app in the samples, or of the database server that it may share."""
    return f"onecore-{target.name}" if role == "app" else f"onecore-postgres-{target.cluster_name}"


def memory_use(run: StoredRun) -> tuple[MemoryUse, ...]:
    """App and database of every target in plan order."""
    return tuple(_use(run, target, role) for role in ROLES for target in run.record.plan.targets)


def _use(run: StoredRun, target: str, role: Role) -> MemoryUse:
    windows = [
        window for cell in run.record.cells if cell.target == target for window in cell.phases
    ]
    after = [read for read in (role_memory(window, role) for window in windows) if read is not None]
    unit = unit_name(run.record.target(target), role)
    sampled = [
        (at, read)
        for at, read in sampled_memory(run, unit)
        if read is not None and not (role == "database" and _is_shared(run, target))
    ]
    first_window = min(
        (window.load.started_at_unix_s for window in windows if window.load.started_at_unix_s),
        default=None,
    )
    idle = next((read for at, read in sampled if first_window is None or at < first_window), None)
    seen = [*after, *(read for _, read in sampled)]
    return MemoryUse(
        target,
        role,
        idle,
        round(sum(after) / len(after)) if after else None,
        max(seen, default=None),
    )


def _is_shared(run: StoredRun, target: str) -> bool:
    """Whether another target of the run has its database on the same server."""
    servers = [run.record.target(name).cluster_name for name in run.record.plan.targets]
    return servers.count(run.record.target(target).cluster_name) > 1


def sampled_memory(run: StoredRun, unit: str) -> tuple[tuple[float, int | None], ...]:
    """When the sampler read the unit's memory, in seconds since 1970, and its PSS in bytes.

    None where the unit was just being started again: its processes were ending or beginning.
    """
    read = run.samples_of(unit)
    changes = [
        (before.at_unix_s - _CHANGE_S, after.at_unix_s + _CHANGE_S)
        for before, after in pairwise(read)
        if not _is_one_process(before, after) and after.at_unix_s - before.at_unix_s < PAUSE_S
    ]
    known = ((taken.at_unix_s, taken.pss_bytes) for taken in read if taken.pss_bytes is not None)
    return tuple(
        (at, None if any(start < at < end for start, end in changes) else pss_bytes)
        for at, pss_bytes in known
    )


def _is_one_process(before: Sample, after: Sample) -> bool:
    """Whether the unit was not started again between two readings.

    Where no pid was kept its count of CPU tells: it begins anew. It also falls by what a child had
    used that has ended, but not so far.
    """
    if before.pid is None or after.pid is None:
        return after.cpu_s >= before.cpu_s / 2
    return before.pid == after.pid


def role_memory(window: PhaseResult, role: Role) -> int | None:
    """PSS in bytes as it was read just after the window; None where it was not."""
    cost = window.app if role == "app" else window.database
    return None if cost is None or cost.memory is None else cost.memory.pss_bytes
