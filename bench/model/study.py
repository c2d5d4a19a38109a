"""What a run studies: each study is one class, which says all about itself; so is a plain bench.

- `words`: what is studied, where a bench would name its pacing
- `verb`: what makes such a run; empty where the pacing says it
- `variables`: what makes it again, in order; those that are its own have their `settings`
- `rounds`: whether their number is planned, or what is found decides; a search has none
- `shares_pacing`: whether all cells have the plan's pacing, and so form series as a bench's do
- `chooses_load`: whether the load of each cell is its own choice: it is told with each, and a rate
  that the generator cannot keep is a finding
- `is_comparable`: whether targets are compared with each other, and the run with others like it
- `varies_service`: whether its targets are states of a service that may differ in their settings
- `is_resumable`: whether an interrupted run can go on
- `repeats_cells`: whether it may measure the same cell of a round more than once
- `connections`: how many its cells may have open to one service at once, where the plan's pacing
  does not say
- `longer`: how its windows get more requests; empty where the pacing says it
- `cells_of_round`: what a round must have

How it goes on is in `bench.experiment.procedures`, what is told of it in `bench.report.sections`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from bench.model.pacing import IN_FLIGHT_LIMIT, Arrivals, ClosedLoop, Pacing

RoundsKind = Literal["planned", "found", "none"]

PlannedCell = tuple[str, str, Pacing, str]
"""A cell of every round: its target, workload, pacing, and the ladder that it is a rung of."""


class _Study:
    """What most studies have in common."""

    rounds: ClassVar[RoundsKind] = "planned"
    shares_pacing: ClassVar[bool] = False
    chooses_load: ClassVar[bool] = True
    is_comparable: ClassVar[bool] = False
    varies_service: ClassVar[bool] = False
    is_resumable: ClassVar[bool] = True
    repeats_cells: ClassVar[bool] = False
    longer: ClassVar[str] = ClosedLoop.longer

    @property
    def settings(self) -> Mapping[str, str]:
        """The variables of `make` that ask for the same again."""
        return {}

    @property
    def connections(self) -> int:
        """How many connections it may have open to one service; 0 where the pacing says it."""
        return 0

    def cells_of_round(
        self, _targets: tuple[str, ...], _workloads: tuple[str, ...], _pacing: Pacing
    ) -> tuple[PlannedCell, ...] | None:
        """Each cell that every round must have; None where they follow from what was found."""
        return None


@dataclass(frozen=True)
class PlainBench(_Study):
    """No study: every target and workload at the plan's pacing, as the pacing describes it."""

    kind: ClassVar[str] = "bench"
    verb: ClassVar[str] = ""
    words: ClassVar[str] = ""
    variables: ClassVar[tuple[str, ...]] = ()
    longer: ClassVar[str] = ""
    shares_pacing: ClassVar[bool] = True
    chooses_load: ClassVar[bool] = False
    is_comparable: ClassVar[bool] = True

    def cells_of_round(
        self, targets: tuple[str, ...], workloads: tuple[str, ...], pacing: Pacing
    ) -> tuple[PlannedCell, ...]:
        """Every workload of every target."""
        return tuple((target, workload, pacing, "") for workload in workloads for target in targets)


@dataclass(frozen=True)
class Sweep(_Study):
    """The same load at several concurrencies."""

    levels: tuple[int, ...]
    kind: Literal["sweep"] = "sweep"
    verb: ClassVar[str] = "sweep"
    variables: ClassVar[tuple[str, ...]] = ("WORKLOAD", "PROFILE", "SEED", "ROUNDS")

    @property
    def words(self) -> str:
        """The study in words, as titles and lists of runs have it."""
        return f"closed loop, {min(self.levels)} to {max(self.levels)} connections"

    @property
    def connections(self) -> int:
        """Those of its highest level."""
        return max(self.levels)

    def cells_of_round(
        self, targets: tuple[str, ...], workloads: tuple[str, ...], _pacing: Pacing
    ) -> tuple[PlannedCell, ...]:
        """Every level of every target."""
        return tuple(
            (target, workload, ClosedLoop(level), "")
            for workload in workloads
            for target in targets
            for level in self.levels
        )


@dataclass(frozen=True)
class Saturation(_Study):
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
    verb: ClassVar[str] = "saturate"
    rounds: ClassVar[RoundsKind] = "none"
    repeats_cells: ClassVar[bool] = True
    variables: ClassVar[tuple[str, ...]] = (
        *("WORKLOAD", "PROFILE", "SEED", "OBJECTIVE_MS", "ARRIVALS"),
    )

    @property
    def words(self) -> str:
        """The study in words, as titles and lists of runs have it."""
        return (
            f"open loop, {self.arrivals} arrivals, search for the highest rate with a p99 "
            f"latency of at most {self.objective_s * 1e3:g} ms"
        )

    @property
    def settings(self) -> Mapping[str, str]:
        """The variables of `make` that ask for the same again."""
        return {"OBJECTIVE_MS": f"{self.objective_s * 1e3:g}", "ARRIVALS": self.arrivals}

    @property
    def connections(self) -> int:
        """Those of the search's open loops, or of the closed loop before, whichever are more."""
        return max(self.concurrency, IN_FLIGHT_LIMIT)


@dataclass(frozen=True)
class Crosscheck(_Study):
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
    verb: ClassVar[str] = "crosscheck"
    variables: ClassVar[tuple[str, ...]] = ("RATE", "PROFILE", "ROUNDS", "SEED")
    words: ClassVar[str] = "the same rate from the lab's own generator and from Locust"


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
        """Whether the others are compared with this side."""
        return self.reference == self.name


FailOn = Literal["regression", "undecided"]
"""What an A/B's exit code tells of: a regression alone, or also that it could not be decided."""


@dataclass(frozen=True)
class AB(_Study):
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
    verb: ClassVar[str] = "ab"
    rounds: ClassVar[RoundsKind] = "found"
    shares_pacing: ClassVar[bool] = True
    varies_service: ClassVar[bool] = True
    is_resumable: ClassVar[bool] = False

    @property
    def words(self) -> str:
        """The study in words, as titles and lists of runs have it."""
        return f"before and after at {self.threshold:.0%}"

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of the variables of `make` that belong to the study."""
        return (*self.asked, "THRESHOLD")

    @property
    def settings(self) -> Mapping[str, str]:
        """The variables of `make` that ask for the same again."""
        of = dict.fromkeys(side.of for side in self.sides)
        return {"FRAMEWORK": ",".join(of), **self.asked, "THRESHOLD": f"{self.threshold:g}"}


@dataclass(frozen=True)
class Rung:
    """A cell of a ladder: what `target` is asked, and the layer that it has beyond the one before.

    `layer` is a key of `bench.analysis.explain.LAYERS`.
    """

    layer: str
    target: str
    workload: str


@dataclass(frozen=True)
class Ladder:
    """From a server alone to a framework's standard service, one operation, a layer a rung.

    `tuned` is the way of its tuned service, which has fewer rungs: empty where there is none.
    """

    framework: str
    operation: str
    rungs: tuple[Rung, ...]
    tuned: tuple[Rung, ...] = ()

    @property
    def name(self) -> str:
        """What its cells bear: "drf/read"."""
        return f"{self.framework}/{self.operation}"

    @property
    def cells(self) -> tuple[tuple[str, str], ...]:
        """Each (target, workload) of it once, in order."""
        return tuple(
            dict.fromkeys((rung.target, rung.workload) for rung in self.rungs + self.tuned)
        )


@dataclass(frozen=True)
class Advice:
    """What a framework's tuned service does about a layer, and in which files."""

    framework: str
    layer: str
    does: str
    where: tuple[str, ...]


@dataclass(frozen=True)
class Explain(_Study):
    """Of which layers the cost of a request is made.

    With a `rate_per_s` the page says how many cores that takes when each is busy for `utilisation`
    of the time, and with a `core_hour` (the price of a core for an hour) what requests cost.
    """

    ladders: tuple[Ladder, ...]
    advice: tuple[Advice, ...] = ()
    rate_per_s: float | None = None
    core_hour: float | None = None
    utilisation: float = 0.6
    kind: Literal["explain"] = "explain"
    verb: ClassVar[str] = "explain"
    words: ClassVar[str] = "closed loop, services that differ in one layer each"
    variables: ClassVar[tuple[str, ...]] = (
        *("WORKLOAD", "PROFILE", "SEED", "ROUNDS", "RATE", "CORE_HOUR"),
    )

    def cells_of_round(
        self, _targets: tuple[str, ...], _workloads: tuple[str, ...], pacing: Pacing
    ) -> tuple[PlannedCell, ...]:
        """Every rung of every ladder."""
        return tuple(
            (target, workload, pacing, ladder.name)
            for ladder in self.ladders
            for target, workload in ladder.cells
        )

    @property
    def settings(self) -> Mapping[str, str]:
        """The variables of `make` that ask for the same again."""
        frameworks = dict.fromkeys(ladder.framework for ladder in self.ladders)
        given = {"RATE": self.rate_per_s, "CORE_HOUR": self.core_hour}
        return {
            "FRAMEWORK": ",".join(frameworks),
            **{name: f"{value:g}" for name, value in given.items() if value is not None},
        }


Study = Sweep | Saturation | Crosscheck | AB | Explain
