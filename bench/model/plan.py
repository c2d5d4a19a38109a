"""What is measured, how load arrives, and the plan of a run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from typing import Literal

from bench.model.pacing import Pacing
from bench.model.study import PlainBench, PlannedCell, Study

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
class Turns:
    """How targets take turns: `turn_s` of each are counted, after a lead-in that is not."""

    turn_s: float
    lead_in_s: float

    def needed_for(self, window_s: float) -> int:
        """How many turns it takes to count so many seconds of a target."""
        # 1.12 / 0.08 is a little more than 14.
        return ceil(round(window_s / self.turn_s, 6))


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

    `target_host` is the machine where the services run, if that is another one: what they use there
    is not seen. Nothing is verified or reset then, and others may use the same databases.
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
    target_host: str = ""

    @property
    def design(self) -> Study | PlainBench:
        """What kind of run it is: its study, or a plain bench."""
        return self.study or PlainBench()

    @property
    def cells_of_round(self) -> tuple[PlannedCell, ...] | None:
        """Each cell that every round must have; None where they follow from what was found."""
        return self.design.cells_of_round(self.targets, self.workloads, self.pacing)

    @property
    def connections(self) -> int:
        """How many connections it may open to one service at once."""
        return max(self.pacing.connections, self.design.connections)

    @property
    def is_resumable(self) -> bool:
        """Whether it can go on when it was interrupted."""
        return self.design.is_resumable

    @property
    def longer(self) -> str:
        """How its windows get more requests, as a remedy."""
        return self.design.longer or self.pacing.longer
