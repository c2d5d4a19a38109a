"""What is measured, how load arrives, and the plan of a run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Mode = Literal["standard", "tuned", "engine"]
"""How a target uses its framework: as its documentation teaches, tuned for speed, or not at all."""

Contract = Literal["core", "strict"]
"""How much of the contract a target claims to keep."""


def variant_of(name: str, framework: str) -> str:
    """What a target's name adds to its framework's: "tuned"; "" when it is named like it."""
    return name.removeprefix(framework).removeprefix("-")


@dataclass(frozen=True)
class Target:
    """One service under test, as its framework's `service.toml` describes it.

    The targets of one framework share its folder and its PostgreSQL instance; each has a database
    of its own in it. `environment` is what it gets beside what all get, `settings` what that may
    set, with what each means. Verdicts compare it with the targets that `compared_with` names,
    beside the usual ones.

    One state of a target (another commit, other packages) is a target, too: with another
    `directory` for its code, or the `python` of another environment than the lab's own. It is
    `declared_as` what its service.toml calls it, and may have a PostgreSQL instance of its own, the
    `database_server`.
    """

    name: str
    label: str
    framework: str
    mode: Mode
    contract: Contract
    directory: Path
    http_port: int
    database_name: str
    database_port: int
    migrate: tuple[str, ...]
    serve: tuple[str, ...]
    packages: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict, hash=False)
    compared_with: tuple[str, ...] = ()
    python: Path | None = None
    declared_as: str = ""
    database_server: str = ""
    settings: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def variant(self) -> str:
        """What its name adds to its framework's: "tuned"; "" when it is named like it."""
        return variant_of(self.name, self.framework)

    @property
    def cluster_name(self) -> str:
        """What the PostgreSQL instance is called that holds its database."""
        return self.database_server or self.framework

    @property
    def title(self) -> str:
        """Its label, and what sets it apart: "FastAPI", "FastAPI async"."""
        return f"{self.label} {self.variant}".rstrip()


Operation = Literal["create", "read", "update", "delete", "list", "echo", "ping"]


@dataclass(frozen=True)
class Rows:
    """Ids `first`..`last` of the loaded data set.

    `once` takes each id at most one time, in a seeded random order (a row can be deleted only
    once). Otherwise ids are drawn uniformly with repetition, but for updates: they take all in a
    random order, and then again in the same one.
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
    number of users, `users` at most. They run in one process, or in `workers` processes, which
    `remote` machines may bring.
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

    @property
    def offered_per_s(self) -> float | None:
        """What they ask together when each has a rate of its own; None where they pause."""
        return None if self.throughput_per_s is None else self.users * self.throughput_per_s


Pacing = ClosedLoop | OpenLoop | Users


@dataclass(frozen=True)
class LoadSpec:
    """What the generator is asked to send in one measured window.

    Exactly one of `requests` (stop after that many) and `duration_s` (stop sending after that
    long) is set. Requests in flight at the end are waited for and belong to the window. `target`
    is the name of who is asked, for what an engine leaves behind. With a `shared_database` others
    may delete what this load has created.
    """

    base_url: str
    shares: tuple[Share, ...]
    pacing: Pacing
    seed: int
    requests: int | None = None
    duration_s: float | None = None
    timeout_s: float = 30.0
    target: str = ""
    shared_database: bool = False


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


@dataclass(frozen=True)
class Side:
    """One state of a target: what `name` in a plan is.

    It is the target `of`, in the state that `title` tells, compared with the side `reference` (its
    own name where it is that itself). `commit` is empty for the working tree; `requirements` stand
    in the place of locked packages, `environment` and `serve` in that of the service's own.
    """

    name: str
    of: str
    title: str
    reference: str
    commit: str = ""
    requirements: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict, hash=False)
    serve: tuple[str, ...] = ()

    @property
    def is_reference(self) -> bool:
        return self.reference == self.name


FailOn = Literal["regression", "undecided"]
"""What an A/B's exit code tells of: a regression alone, or also that it could not be decided."""


@dataclass(frozen=True)
class AB:
    """Before and after: states of one target, or of several, set against each other in one run.

    Verdicts are given at `looks`, numbers of rounds; all looks together keep `level`. It ends at
    the first look at which every operation is decided, at the latest after the last one. `asked`
    are the variables of the command; `metrics` names what is judged, where that is not everything.
    """

    sides: tuple[Side, ...]
    looks: tuple[int, ...]
    threshold: float = 0.02
    level: float = 0.95
    fail_on: FailOn = "undecided"
    asked: Mapping[str, str] = field(default_factory=dict, hash=False)
    metrics: tuple[str, ...] = ()
    kind: Literal["ab"] = "ab"


Study = Sweep | Saturation | Crosscheck | AB


@dataclass(frozen=True)
class Turns:
    """How targets take turns: each is asked for `turn_s` after a lead-in that is not counted."""

    turn_s: float
    lead_in_s: float


@dataclass(frozen=True)
class Plan:
    """All that decides what a run does. Stored with it; a resumed run follows the same plan.

    Windows last `window_s`; counted phases (the `crud` scenario) send `requests` instead. With a
    `half_width`, rounds are added after `rounds`, up to `rounds_limit`, until every ratio of two
    targets is known to within that share of itself, those of CPU per request to within
    `cost_half_width`. With a `study`, each cell has a pacing of its
    own. `pause_s` is left between cells.

    With `turns`, all targets of a workload are up in a round and take turns; `window_s` is then
    what is counted of each. Scenarios of several phases, and open loops, have windows all the same.
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
    cost_half_width: float | None = None
    study: Study | None = None
    pause_s: float = 0.0
    turns: Turns | None = None
