"""What was seen inside a service under load, beside the measured windows."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class HotFunction:
    """A function in which samples ended: `place` is its file, as an import would find it."""

    function: str
    place: str
    layer: str
    samples: int


@dataclass(frozen=True)
class CpuProfile:
    """What a sampling profiler saw of an app under load, of the thread that held Python's lock.

    `layers` are samples by whose code they ended in. `held_s` is for how long the lock was held,
    `cpu_s` what the process used meanwhile: what is beyond was used without the lock, in system
    calls and in C. `behind_s` is by how much the profiler was late in the end. The rates are the
    load's with and without it: what it cost. `stacks` and `speedscope` are files in the run's
    folder. `packages` is what the service's own table says of whose code is whose.
    """

    rate_hz: int
    duration_s: float
    samples: int
    layers: Mapping[str, int]
    hottest: tuple[HotFunction, ...]
    held_s: float
    cpu_s: float
    plain_per_s: float
    profiled_per_s: float
    behind_s: float = 0.0
    stacks: str = ""
    speedscope: str = ""
    packages: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def outside(self) -> float:
        """The share of CPU time that was used without Python's lock."""
        return max(0.0, 1 - self.held_s / self.cpu_s) if self.cpu_s else 0.0


@dataclass(frozen=True)
class StatementTime:
    """A normalised statement: how often a request ran it, and what the server took for it."""

    query: str
    calls_per_request: float
    rows_per_request: float
    planning_us: float
    execution_us: float


@dataclass(frozen=True)
class Traced:
    """A statement of one request as it came, with its plan; none where nothing is planned."""

    statement: str
    plan: tuple[str, ...] = ()


@dataclass(frozen=True)
class Kernel:
    """The kernel's part of the app's CPU time, and switches of its threads, per request.

    `instructions` and `cycles` are per request as well, None where `not_counted` says why; with
    `user_only` they are without the kernel's.
    """

    system_share: float
    voluntary_switches: float
    involuntary_switches: float
    instructions: float | None = None
    cycles: float | None = None
    user_only: bool = False
    not_counted: str = ""


@dataclass(frozen=True)
class Sessions:
    """What the service's sessions at the database did, looked at `looks` times: the mean number of
    them by state. `app_share` is how much of a core the app used meanwhile.
    """

    looks: int
    states: Mapping[str, float]
    app_share: float


@dataclass(frozen=True)
class Finding:
    """What was seen inside one standard service at one operation.

    `no_profile` says why there is no profile, `failure` why there is nothing. `trace` has the
    statements of one request in their order, each a round trip to the database.
    """

    framework: str
    operation: str
    profile: CpuProfile | None = None
    no_profile: str = ""
    kernel: Kernel | None = None
    statements: tuple[StatementTime, ...] = ()
    trace: tuple[Traced, ...] = ()
    sessions: Sessions | None = None
    failure: str = ""
