"""Memory of every service: idle, loaded and at its highest, in bytes of PSS."""

from dataclasses import dataclass

from bench.analysis.stored import StoredRun
from bench.model import PhaseResult, Role, TargetRecord

ROLES: tuple[Role, ...] = ("app", "database")


@dataclass(frozen=True)
class MemoryUse:
    """PSS in bytes, None where it was not read.

    Idle: the sampler's first reading, before the target's first cell. Loaded: the mean of what was
    read just after each window. Peak: the highest of all readings; between two of them it may
    have been higher. Of a database server that several targets of the run share the sampler knows
    no more than the whole: none of its readings are any one target's.
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
        (sample.at_unix_s, sample.pss_bytes)
        for sample in run.samples_of(unit)
        if sample.pss_bytes is not None and not (role == "database" and _is_shared(run, target))
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


def role_memory(window: PhaseResult, role: Role) -> int | None:
    """PSS in bytes as it was read just after the window; None where it was not."""
    cost = window.app if role == "app" else window.database
    return None if cost is None or cost.memory is None else cost.memory.pss_bytes
