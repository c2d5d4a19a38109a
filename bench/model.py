"""The frozen values that every part of the lab speaks.

Units are in the names. Nothing here does I/O; nothing here imports from the rest of the lab.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

# --- what is measured -------------------------------------------------------------------------


@dataclass(frozen=True)
class Target:
    """One service under test, as its `service.toml` describes it."""

    name: str
    label: str
    directory: Path
    http_port: int
    database_name: str
    database_port: int
    migrate: tuple[str, ...]
    serve: tuple[str, ...]
    packages: tuple[str, ...]


Operation = Literal["create", "read", "update", "delete", "list", "echo", "ping"]


@dataclass(frozen=True)
class Rows:
    """Ids `first`..`last` of the loaded data set.

    `once` takes each id at most one time, in a seeded random order (a row can be deleted only
    once); otherwise ids are drawn uniformly with repetition.
    """

    first: int
    last: int
    once: bool = False
    kind: Literal["rows"] = "rows"


@dataclass(frozen=True)
class Created:
    """The ids that this generator's latest create phase was answered, each taken once."""

    kind: Literal["created"] = "created"


@dataclass(frozen=True)
class Share:
    """One operation's part of a load: `weight` out of the sum of all weights.

    `ids` are what a read, update or delete asks for; for a list, the rows that its page must show
    (default: the data set from row 1). `body` is what a create, update or echo sends: the seeded
    `dataset.payloads`, or always `dataset.CRUD_ITEM`.
    """

    operation: Operation
    weight: int = 1
    ids: Rows | Created | None = None
    body: Literal["varied", "crud"] = "varied"


# --- how load arrives -------------------------------------------------------------------------


@dataclass(frozen=True)
class ClosedLoop:
    """`concurrency` connections; each sends its next request when the last one has returned."""

    concurrency: int
    kind: Literal["closed"] = "closed"


Arrivals = Literal["constant", "poisson"]


@dataclass(frozen=True)
class OpenLoop:
    """Requests arrive at `rate_per_s` on average, whatever the server does."""

    rate_per_s: float
    arrivals: Arrivals = "constant"
    kind: Literal["open"] = "open"


Shape = Literal["step", "spike", "soak", "ramp"]


@dataclass(frozen=True)
class Users:
    """People instead of connections: Locust starts `users` of them, `spawn_rate_per_s` a second.

    Each waits `wait_s` (least, most) seconds between its requests. With `throughput_per_s` each
    sends at that rate instead, and the window begins when all have started. A `shape` moves the
    number of users up to `users` and down again. They run in one process, or in `workers`
    processes, which `remote` machines may bring.
    """

    users: int
    spawn_rate_per_s: float
    wait_s: tuple[float, float] = (1.0, 3.0)
    throughput_per_s: float | None = None
    shape: Shape | None = None
    workers: int = 0
    remote: bool = False
    kind: Literal["users"] = "users"

    @property
    def wait_text(self) -> str:
        """The pause as WAIT= takes it: "1-3", or "2"."""
        least_s, most_s = self.wait_s
        return f"{least_s:g}" if least_s == most_s else f"{least_s:g}-{most_s:g}"


Pacing = ClosedLoop | OpenLoop | Users


@dataclass(frozen=True)
class LoadSpec:
    """What the generator is asked to send in one measured window.

    Exactly one of `requests` (stop after that many) and `duration_s` (stop sending after that
    long) is set. Requests in flight at the end are waited for and belong to the window. `target`
    is the name of who is asked, for what an engine leaves behind.
    """

    base_url: str
    shares: tuple[Share, ...]
    pacing: Pacing
    seed: int
    requests: int | None = None
    duration_s: float | None = None
    timeout_s: float = 30.0
    target: str = ""


@dataclass(frozen=True)
class WarmUp:
    """What happened before the window, and whether the rate had settled by then."""

    duration_s: float
    requests: int
    steady: bool


@dataclass(frozen=True)
class Lateness:
    """How far behind its own schedule the generator sent (open loop).

    `late` counts requests sent more than 1 ms after they were due; `unsent` those that were due
    but could not be sent before the window closed.
    """

    p50_s: float
    p99_s: float
    max_s: float
    late: int
    unsent: int


@dataclass(frozen=True)
class Distribution:
    """A latency distribution: count, exact mean and extremes, and an HDR histogram.

    `hdr` is HdrHistogram's compressed base64 V2 encoding; its values are microseconds, from
    1 us to 10 minutes with three significant digits.
    """

    count: int
    mean_s: float
    min_s: float
    max_s: float
    hdr: str


@dataclass(frozen=True)
class Moment:
    """One slice of a window with users, in seconds since its start.

    `users` is their number at its end. Requests belong to the slice in which their answer came.
    """

    from_s: float
    to_s: float
    users: int
    succeeded: int
    failed: int
    latency: Distribution | None = None


@dataclass(frozen=True)
class LocustWorker:
    """One process of Locust that sent requests.

    `busiest_share` is its CPU time as a share of one core in its busiest ten seconds, None when
    it reported too seldom to tell. `lost_at_s` says when it was missed: what it had sent since
    its last report, three seconds at most, is not counted.
    """

    name: str
    pid: int
    requests: int
    cpu_s: float
    busiest_share: float | None
    lost_at_s: float | None = None


@dataclass(frozen=True)
class Crowd:
    """What only a window with users has: its course, and the processes behind it.

    `gone` counts 404 for items that another client had deleted; they count as succeeded.
    """

    moments: tuple[Moment, ...]
    workers: tuple[LocustWorker, ...]
    gone: int = 0


@dataclass(frozen=True)
class LoadResult:
    """What the generator saw in one measured window, from the first send to the last byte.

    `latency` holds successful requests only, per operation. In a closed loop it is service time
    (from sending to the last byte), in an open loop latency (from the intended send time).
    `failures` counts the others by reason, e.g. `{"status 500": 3, "timeout": 1}`. `ran_out` says
    that the window ended early because ids that can be taken only once were used up. `crowd` is
    there when users made the load: their times are what a user waited, or, with a throughput of
    their own, latency as in an open loop.
    """

    duration_s: float
    succeeded: int
    failures: Mapping[str, int]
    latency: Mapping[Operation, Distribution]
    bytes_sent: int
    bytes_received: int
    connections_opened: int
    lateness: Lateness | None = None
    started_at_unix_s: float = 0.0
    ran_out: bool = False
    crowd: Crowd | None = None

    @property
    def failed(self) -> int:
        return sum(self.failures.values())

    @property
    def rate_per_s(self) -> float:
        """Successful requests per second. Failures never count as speed."""
        return self.succeeded / self.duration_s


@dataclass(frozen=True)
class Progress:
    """A running window as the live display sees it. `p99_s` is None while samples are too few."""

    elapsed_s: float
    succeeded: int
    failed: int
    rate_per_s: float
    p99_s: float | None = None


# --- where it runs ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Placement:
    """Which CPUs serve what. `notes` say what the machine could not give."""

    app: tuple[int, ...]
    database: tuple[int, ...]
    generator: tuple[int, ...]
    housekeeping: tuple[int, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Unit:
    """One long-running process that a supervisor can run.

    `prepare` are commands run to completion, in order, before `command` (migrations). `template`
    names the file in `systemd/` that describes the same unit to systemd. `source` stands for the
    files that it runs from: when they change, it is another unit, and is restarted.
    """

    name: str
    command: tuple[str, ...]
    directory: Path
    environment: Mapping[str, str]
    cpus: tuple[int, ...]
    port: int
    prepare: tuple[tuple[str, ...], ...] = ()
    stop_signal: Literal["TERM", "INT"] = "TERM"
    template: str = ""
    source: str = ""


UnitState = Literal["running", "frozen", "stopped", "failed"]


@dataclass(frozen=True)
class UnitStatus:
    state: UnitState
    pid: int | None = None
    since_unix_s: float | None = None
    detail: str = ""


@dataclass(frozen=True)
class Pressure:
    """Seconds in which some task of a cgroup waited for a resource: PSI's `some` totals."""

    cpu_s: float
    memory_s: float
    io_s: float


@dataclass(frozen=True)
class Usage:
    """Totals of a process tree or cgroup at one moment. Differences of two give a cost.

    `pressure` is None where there is no cgroup of its own to read it from.
    """

    cpu_s: float
    processes: int
    threads: int
    voluntary_switches: int
    involuntary_switches: int
    pressure: Pressure | None = None


@dataclass(frozen=True)
class Memory:
    """Memory of a process tree or cgroup. `pss_bytes` counts shared pages once, in shares.

    `charged_bytes` is what the cgroup is charged with now, page cache included, and `peak_bytes`
    the most since it started; None where no cgroup counts memory.
    """

    pss_bytes: int
    uss_bytes: int
    rss_bytes: int
    peak_bytes: int | None = None
    charged_bytes: int | None = None


# --- doubt ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LabWarning:
    """A typed doubt about a figure: what was seen, and the remedy; `invalid` forbids its use."""

    code: str
    message: str
    remedy: str
    severity: Literal["note", "doubt", "invalid"] = "doubt"


# --- figures ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Estimate:
    """A point with its interval at `level` (0.95 for 95 %), from `n` rounds."""

    point: float
    low: float
    high: float
    level: float
    n: int


VerdictKind = Literal["faster", "slower", "indistinguishable", "inconclusive", "invalid"]


@dataclass(frozen=True)
class Verdict:
    """How `subject` compares with `reference`: `ratio` is subject / reference of a rate."""

    kind: VerdictKind
    subject: str
    reference: str
    ratio: Estimate | None
    threshold: float
    p_value: float | None = None
    rounds_needed: int | None = None
    reason: str = ""


# --- what a cell leaves behind ----------------------------------------------------------------


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
    that changed something, explicit or not, from the write-ahead log. None: not counted.
    """

    statements: tuple[Statement, ...]
    commits: int | None = None

    @property
    def calls(self) -> int:
        return sum(statement.calls for statement in self.statements)

    @property
    def rows(self) -> int:
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
    None where it could not be probed. The others are differences between the window's edges.
    """

    spin_before_s: float | None
    spin_after_s: float | None
    throttled: int
    throttled_s: float
    thermal_events: int
    swapped_in: int
    swapped_out: int
    sibling_busy_s: float


@dataclass(frozen=True)
class PhaseResult:
    """One measured window.

    `ceiling_share` is its rate as a share of what the generator can send to a server with nothing
    behind it.
    """

    phase: str
    load: LoadResult
    app: RoleCost
    database: RoleCost
    generator: RoleCost
    app_cpus: CpuTimes
    queries: QueryCounts | None = None
    ceiling_share: float | None = None
    limited_by: str = ""
    warnings: tuple[LabWarning, ...] = ()
    conditions: Conditions | None = None


@dataclass(frozen=True)
class CellResult:
    """One finished cell of one round. `unfit` says why a target was not measured."""

    round: int
    target: str
    workload: str
    pacing: Pacing
    started_at: str
    warm_up: WarmUp | None = None
    phases: tuple[PhaseResult, ...] = ()
    unfit: str = ""


@dataclass(frozen=True)
class Sample:
    """One reading of the sampler. CPU is cumulative; memory is PSS, read less often than CPU."""

    at_unix_s: float
    unit: str
    cpu_s: float
    pss_bytes: int | None = None


@dataclass(frozen=True)
class Phase:
    """One measured window of a workload: what is sent, and whether time or a count ends it."""

    name: str
    shares: tuple[Share, ...]
    counted: bool = False


@dataclass(frozen=True)
class Sweep:
    """The same load at several concurrencies."""

    levels: tuple[int, ...]
    kind: Literal["sweep"] = "sweep"


@dataclass(frozen=True)
class Saturation:
    """The search for the highest rate whose p99 latency is at most `objective_s`.

    It starts at `start_share` of the capacity that a closed loop with `concurrency` connections
    has, and ends when the answer is known to within `tolerance`.
    """

    objective_s: float
    arrivals: Arrivals
    concurrency: int
    tolerance: float = 0.03
    start_share: float = 0.8
    lowest_per_s: float = 20.0
    highest_share: float = 4.0
    most_trials: int = 40
    kind: Literal["saturation"] = "saturation"


@dataclass(frozen=True)
class Crosscheck:
    """Whether two generators agree: the same rate and mix from the lab's own and from Locust.

    Each tolerance is the share by which a figure of the one may differ from the other's. Times
    may differ by their slack besides: what a slower client adds to every request.
    """

    rate_tolerance: float = 0.02
    p50_tolerance: float = 0.10
    p50_slack_s: float = 0.001
    p99_tolerance: float = 0.25
    p99_slack_s: float = 0.003
    cost_tolerance: float = 0.05
    kind: Literal["crosscheck"] = "crosscheck"


Study = Sweep | Saturation | Crosscheck


@dataclass(frozen=True)
class Plan:
    """All that decides what a run does. Stored with it; a resumed run follows the same plan.

    Windows last `window_s`; counted phases (the `crud` scenario) send `requests` instead. With a
    `half_width`, rounds are added after `rounds`, up to `rounds_limit`, until every ratio of two
    targets is known to within that share of itself. With a `study`, each cell has a pacing of its
    own. `pause_s` is left between cells.
    """

    profile: str
    targets: tuple[str, ...]
    workloads: tuple[str, ...]
    pacing: Pacing
    rounds: int
    seed: int
    rows: int
    window_s: float
    requests: int
    warm_up_min_s: float
    warm_up_max_s: float
    rounds_limit: int = 0
    half_width: float | None = None
    study: Study | None = None
    pause_s: float = 0.0


@dataclass(frozen=True)
class RunRecord:
    """Everything stored about one run but the time series.

    `ceiling_per_s` is what the generator could send just before the run, by operation;
    `sampler_share` is the sampler's own CPU time as a share of one core.
    """

    schema_version: int
    run_id: str
    plan: Plan
    placement: Placement
    supervisor: str
    provenance: Mapping[str, object]
    warnings: tuple[LabWarning, ...]
    started_at: str
    state: Literal["running", "complete", "interrupted", "failed"]
    finished_at: str = ""
    ceiling_per_s: Mapping[Operation, float] = field(default_factory=dict)
    sampler_share: float | None = None
    cells: tuple[CellResult, ...] = ()


# --- the lab itself ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Site:
    """Where this lab lives: its folders, its address and how far its ports are moved.

    `host` is where the services listen. Databases listen on loopback whatever it is.
    """

    root: Path
    state: Path
    results: Path
    host: str = "127.0.0.1"
    port_offset: int = 0
