"""What a run leaves behind: its record, its cells and its samples."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import AliasChoices, Field

from bench.model.load_result import LoadResult, WarmUp
from bench.model.pacing import Pacing
from bench.model.place import Memory, Placement, Pressure
from bench.model.plan import Contract, Mode, Operation, Plan, Target, variant_of
from bench.model.verdict import Diagnostic

_Diagnostics = Annotated[
    tuple[Diagnostic, ...], Field(validation_alias=AliasChoices("diagnostics", "warnings"))
]
"""Files of version 1 call them `warnings`."""


@dataclass(frozen=True)
class Statement:
    """One normalised statement as pg_stat_statements saw it in a window."""

    query: str
    calls: int
    rows: int


@dataclass(frozen=True)
class QueryCounts:
    """What a service sent to its database in a window, as pg_stat_statements counted it.

    Explicit BEGIN, COMMIT and ROLLBACK are statements here too. `commits` counts transactions
    that changed something, explicit or not, from the write-ahead log. `rows_added` is how many more
    rows the table has afterwards. None: not counted.
    """

    statements: tuple[Statement, ...]
    commits: int | None = None
    rows_added: int | None = None

    @property
    def calls(self) -> int:
        """How many statements were executed."""
        return sum(statement.calls for statement in self.statements)

    @property
    def rows(self) -> int:
        """How many rows they returned or changed."""
        return sum(statement.rows for statement in self.statements)


@dataclass(frozen=True)
class RoleCost:
    """What one role (app, database or generator) used between the edges of a window.

    `memory` is read just after the window. `most_bytes` is an upper bound of the memory it needed
    at any moment of the window, or None where the kernel does not let us begin anew. `pressure` is
    known where the role has a cgroup.
    """

    cpu_s: float
    voluntary_switches: int
    involuntary_switches: int
    memory: Memory | None = None
    most_bytes: int | None = None
    pressure: Pressure | None = None


@dataclass(frozen=True)
class CpuTimes:
    """What the app's CPUs did between the edges of a window, from /proc/stat (10 ms ticks).

    `foreign_s` is time that neither the app nor idling nor stealing accounts for: other
    processes and interrupts on the app's CPUs.
    """

    busy_s: float
    steal_s: float
    foreign_s: float


@dataclass(frozen=True)
class Conditions:
    """What the machine did to a window, as far as its counters show.

    The spins are CPU seconds of the same small work on the app's CPU just before and just after;
    None where it could not be probed. The others are differences between the window's edges;
    `thermal_events` is None where nobody counts them.
    """

    spin_before_s: float | None
    spin_after_s: float | None
    throttled: int
    throttled_s: float
    thermal_events: int | None
    swapped_in: int
    swapped_out: int
    sibling_busy_s: float


@dataclass(frozen=True)
class TurnSeries:
    """The counted turns of a window, in order: what a figure looked like within its round.

    `at_s` is when each began, in seconds since the first turn of any target. `succeeded` are
    requests by the share of their time that lies in the turn; of method 2 and 3, whole ones.
    """

    at_s: tuple[float, ...]
    duration_s: tuple[float, ...]
    succeeded: tuple[float, ...]
    app_cpu_s: tuple[float, ...]
    database_cpu_s: tuple[float, ...]


@dataclass(frozen=True)
class PhaseResult:
    """One measured window, or all turns of a target in one round of a workload.

    CPU times are those of the counted turns; switches, queries and bytes those of all requests,
    lead-ins included. Of services on another machine nobody sees what they and their databases use:
    `app`, `database` and `app_cpus` are None then, and `generator` in files that did not keep it.
    """

    phase: str
    load: LoadResult
    app: RoleCost | None
    database: RoleCost | None
    generator: RoleCost | None
    app_cpus: CpuTimes | None
    queries: QueryCounts | None = None
    limited_by: str = ""
    diagnostics: _Diagnostics = ()
    conditions: Conditions | None = None
    turns: TurnSeries | None = None


@dataclass(frozen=True)
class CellResult:
    """One finished cell of one round. `unfit` says why a target was not measured, `remedy` what
    helps, where that is known better than by its log.

    `refused` says that the generator could not keep the cell's rate, which tells nothing of the
    target. `ladder` names the ladder that it is a rung of ("drf/read"), in a run that explains
    costs.
    """

    round: int
    target: str
    workload: str
    pacing: Pacing
    started_at: str
    warm_up: WarmUp | None = None
    phases: tuple[PhaseResult, ...] = ()
    unfit: str = ""
    remedy: str = ""
    refused: bool = False
    ladder: str = ""


@dataclass(frozen=True)
class Sample:
    """One reading of the sampler. CPU is cumulative; memory is PSS, read less often than CPU.

    `pid` is the unit's first process: another one has begun a count of its own. None where the
    count goes on whoever runs, and in runs that did not keep it.
    """

    at_unix_s: float
    unit: str
    cpu_s: float
    pss_bytes: int | None = None
    pid: int | None = None


@dataclass(frozen=True)
class TargetRecord:
    """What a target was when it was measured: how it used its framework, and what it claimed.

    `database_server` names its PostgreSQL instance where that was not its framework's.
    """

    name: str
    label: str
    framework: str
    mode: Mode
    contract: Contract
    compared_with: tuple[str, ...] = ()
    database_server: str = ""

    @classmethod
    def of(cls, target: Target) -> "TargetRecord":
        """What a run stores of a target: what it was, not how it is started."""
        return cls(
            name=target.name,
            label=target.label,
            framework=target.framework,
            mode=target.mode,
            contract=target.contract,
            compared_with=target.compared_with,
            database_server=target.database_server,
        )

    @property
    def cluster_name(self) -> str:
        """What the PostgreSQL instance was called that held its database."""
        return self.database_server or self.framework

    @property
    def variant(self) -> str:
        """What its name adds to its framework's: "tuned"; "" when it is named like it."""
        return variant_of(self.name, self.framework)

    @property
    def title(self) -> str:
        """Its label, and what sets it apart: "FastAPI", "FastAPI async"."""
        return f"{self.label} {self.variant}".rstrip()


METHOD = 4
"""The version of how the lab measures. It is raised when a figure would come out another one."""


@dataclass(frozen=True)
class Promise:
    """What a run said beforehand: to what share of itself a typical ratio would be known, by
    metric, from what these earlier `runs` on its machine showed; without any, what others did.
    """

    half_widths: Mapping[str, float]
    runs: tuple[str, ...] = ()


@dataclass(frozen=True)
class RunRecord:
    """Everything stored about one run but the time series.

    `ceiling_per_s` is what the generator could send just before the run, by operation;
    `sampler_share` is the sampler's own CPU time as a share of one core; `targets` tell of those
    of the plan how each was made. `wall_s` is how long the run took from the first look at the
    machine, over all the times that it was taken up; None where that is not known, as after a
    kill -9. `measured_s` is how much of it was counted. `method` is the version of how it was
    measured: 1 where targets had windows one after the other, and 2 where they take turns. `spread`
    is the typical standard deviation of a log ratio of two targets from round to round, by metric.
    Nobody is the `supervisor` of services on another machine.
    `resumed_at` is when it was taken up again, each time.
    """

    schema_version: int
    run_id: str
    plan: Plan
    placement: Placement
    supervisor: str
    provenance: Mapping[str, object]
    diagnostics: _Diagnostics
    started_at: str
    state: Literal["running", "complete", "interrupted", "failed"]
    finished_at: str = ""
    ceiling_per_s: Mapping[Operation, float] = field(default_factory=dict)
    sampler_share: float | None = None
    targets: tuple[TargetRecord, ...] = ()
    wall_s: float | None = None
    measured_s: float | None = None
    method: int = 1
    promise: Promise | None = None
    spread: Mapping[str, float] = field(default_factory=dict)
    resumed_at: tuple[str, ...] = ()
    cells: tuple[CellResult, ...] = ()

    def target(self, name: str) -> TargetRecord:
        """What is known of a target of this run; of one without an entry, no more than its name."""
        for target in self.targets:
            if target.name == name:
                return target
        return TargetRecord(name, name, name, "standard", "core")
