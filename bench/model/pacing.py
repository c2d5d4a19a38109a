"""How load arrives: each way is one class, which says all that tells it from the others.

- `words`: how load arrives, e.g. "closed loop, 20 connections"
- `time_word`: what the times of a window are then
- `time_told`: from when to when they count
- `verb`: what makes such a run
- `variables`: what makes it again, in order; those that are its own have their `settings`
- `offered_per_s`: how many requests come in a second; None where that follows from the answers
- `connections`: how many it may have open to one service at once
- `in_flight`: how many requests are in flight at any time; None where that follows from arrivals
- `processes`: how many processes of this machine send
- `columns`: what tables for programs say of it, by column
- `takes_turns`: whether targets can take turns: not where a queue builds on what came before
- `is_the_labs`: whether the lab's own generator sends, whose ceiling is measured before a run
- `longer`: how its windows get more requests
- `sender`: who sends; `slower` and `in_time`: what makes it ask for less, and send when it is due
- `leaves_some_unsent`: whether a few requests may be left out as a window ends
- `figure_told`: what its main figure is
- `rate_told`: what a rate is no figure of
- `pause_s`: how long whoever asks waits on average before asking again, from an answer on
- `require_in_range`: whether it can be
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from bench.errors import UsageError

IN_FLIGHT_LIMIT = 1000
"""Requests of an open loop that may wait for an answer at once. Beyond it they are not sent but
counted, so that a server that has fallen behind for good cannot exhaust memory or file descriptors.
"""


class _Pacing:
    """What most ways have in common."""

    takes_turns: ClassVar[bool] = False
    is_the_labs: ClassVar[bool] = True
    longer: ClassVar[str] = "Measure for longer: PROFILE=standard, or more REQUESTS for crud."
    sender: ClassVar[str] = "the generator"
    slower: ClassVar[str] = "lower RATE"
    in_time: ClassVar[str] = "give the generator a core of its own"
    leaves_some_unsent: ClassVar[bool] = False
    figure_told: ClassVar[str] = "The time within which 99 % of requests were answered."
    rate_told: ClassVar[str] = ""

    def require_in_range(self) -> None:
        """Raises UsageError when a number of it is out of range."""

    @property
    def offered_per_s(self) -> float | None:
        """Requests that come in a second; None where that follows from the answers."""
        return None

    @property
    def pause_s(self) -> float:
        """Seconds from an answer to the next request, on average; 0 where nobody pauses."""
        return 0.0

    @property
    def connections(self) -> int:
        """How many connections it may have open to one service at once."""
        return IN_FLIGHT_LIMIT

    @property
    def in_flight(self) -> int | None:
        """How many requests are in flight at any time; None where that follows from arrivals."""
        return None

    @property
    def processes(self) -> int:
        """How many processes of this machine send."""
        return 1

    @property
    def columns(self) -> Mapping[str, float]:
        """What tables for programs say of it, by column."""
        return {}


@dataclass(frozen=True)
class ClosedLoop(_Pacing):
    """`concurrency` connections; each sends its next request when the last one has returned."""

    concurrency: int
    kind: Literal["closed"] = "closed"
    verb: ClassVar[str] = "bench"
    takes_turns: ClassVar[bool] = True
    time_word: ClassVar[str] = "service time"
    time_told: ClassVar[str] = (
        "Closed loop: from sending to the last byte. The queue that real users would stand in is "
        "hidden. For latency, measure an open loop (RATE=)."
    )
    figure_told: ClassVar[str] = (
        "Successful requests per second with every connection always busy: what one core buys, "
        "where the app's core was the limit."
    )
    variables: ClassVar[tuple[str, ...]] = (
        *("WORKLOAD", "PROFILE", "SEED", "ROUNDS", "CONCURRENCY", "REQUESTS"),
    )

    def require_in_range(self) -> None:
        """Raises UsageError for fewer than 1 connection, or more than 1000."""
        if not 1 <= self.concurrency <= 1000:
            raise UsageError(f"CONCURRENCY={self.concurrency} is out of range", "Choose 1 to 1000.")

    @property
    def words(self) -> str:
        """The pacing in words, as titles and lists of runs have it."""
        return f"closed loop, {self.concurrency} connection{'s' * (self.concurrency != 1)}"

    @property
    def connections(self) -> int:
        """Its concurrency: none is opened beside."""
        return self.concurrency

    @property
    def in_flight(self) -> int:
        """Its concurrency: every connection waits for an answer."""
        return self.concurrency

    @property
    def columns(self) -> Mapping[str, float]:
        """Its concurrency."""
        return {"connections": self.concurrency}

    @property
    def settings(self) -> Mapping[str, str]:
        """The variables of `make` that ask for the same again."""
        return {"CONCURRENCY": str(self.concurrency)}


Arrivals = Literal["constant", "poisson"]


@dataclass(frozen=True)
class OpenLoop(_Pacing):
    """Requests arrive at `rate_per_s` on average, whatever the server does."""

    rate_per_s: float
    arrivals: Arrivals = "constant"
    kind: Literal["open"] = "open"
    verb: ClassVar[str] = "bench"
    time_word: ClassVar[str] = "latency"
    time_told: ClassVar[str] = "Open loop: from the moment a request was due to its last byte."
    figure_told: ClassVar[str] = (
        "The time within which 99 % of requests were answered, from the moment each was due."
    )
    variables: ClassVar[tuple[str, ...]] = (
        *("WORKLOAD", "PROFILE", "SEED", "ROUNDS", "RATE", "ARRIVALS", "REQUESTS"),
    )

    def require_in_range(self) -> None:
        """Raises UsageError for a rate that is not above 0, or above 100000."""
        if not 0 < self.rate_per_s <= 100_000:
            raise UsageError(
                f"RATE={self.rate_per_s:g} is out of range", "Choose above 0, up to 100000."
            )

    @property
    def words(self) -> str:
        """The pacing in words, as titles and lists of runs have it."""
        return f"open loop, {self.rate_per_s:g} requests/s, {self.arrivals} arrivals"

    @property
    def offered_per_s(self) -> float:
        """Its rate, whatever the answers."""
        return self.rate_per_s

    @property
    def columns(self) -> Mapping[str, float]:
        """Its rate."""
        return {"offered_rate_per_s": self.rate_per_s}

    @property
    def settings(self) -> Mapping[str, str]:
        """The variables of `make` that ask for the same again."""
        return {"RATE": f"{self.rate_per_s:g}", "ARRIVALS": self.arrivals}


Shape = Literal["step", "spike", "soak", "ramp"]


@dataclass(frozen=True)
class Users(_Pacing):
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
    is_the_labs: ClassVar[bool] = False
    longer: ClassVar[str] = "Let users ask for longer, or more of them: RUN_TIME=5m, USERS=100."
    sender: ClassVar[str] = "users"
    slower: ClassVar[str] = "fewer USERS, or less THROUGHPUT"
    in_time: ClassVar[str] = (
        "more USERS with less THROUGHPUT each wait less for their own answers; a core of its own "
        "wakes them in time"
    )
    leaves_some_unsent: ClassVar[bool] = True
    rate_told: ClassVar[str] = " The rate follows from the users, not from what it could do."
    variables: ClassVar[tuple[str, ...]] = (
        *("USERS", "SPAWN_RATE", "RUN_TIME", "WAIT", "THROUGHPUT", "SHAPE", "WORKERS"),
        *("ROUNDS", "SEED", "TARGET_HOST"),
    )

    @property
    def pause_s(self) -> float:
        """The mean of what each waits; 0 where each sends at a rate."""
        return 0.0 if self.throughput_per_s else sum(self.wait_s) / 2

    @property
    def verb(self) -> str:
        """The verb of `make` that measures with these users."""
        return "locust-master" if self.remote else "locust"

    @property
    def time_word(self) -> str:
        """Who pauses after an answer waits for it; a beat goes on, and later ones queue."""
        return "response time" if self.throughput_per_s is None else "latency"

    @property
    def time_told(self) -> str:
        """What a time of these users means, as a page says it once."""
        if self.throughput_per_s is None:
            return "Users with pauses: what they waited, from sending to the last byte."
        return "Users with a beat: from the moment a request was due to its last byte."

    @property
    def words(self) -> str:
        """The pacing in words, as titles and lists of runs have it."""
        rate = self.throughput_per_s
        how = f"a pause of {self.wait_text} s each" if rate is None else f"{rate:g} requests/s each"
        shape = f", shape {self.shape}" if self.shape else ""
        where = " on other machines" if self.remote else ""
        workers = f", {self.workers} Locust workers{where}" if self.workers else ""
        start = f"{self.spawn_rate_per_s:g} started per s"
        return f"{self.users} users, {start}, {how}{shape}{workers}"

    @property
    def settings(self) -> Mapping[str, str]:
        """The variables of `make` that ask for the same again."""
        rate = self.throughput_per_s
        found = {
            "USERS": str(self.users),
            "SPAWN_RATE": f"{self.spawn_rate_per_s:g}",
            "WAIT": self.wait_text if rate is None else "",
            "THROUGHPUT": "" if rate is None else f"{rate:g}",
            "SHAPE": self.shape or "",
            "WORKERS": str(self.workers or ""),
        }
        return {name: value for name, value in found.items() if value}

    @property
    def wait_text(self) -> str:
        """The pause as WAIT= takes it: "1-3", or "2"."""
        least_s, most_s = self.wait_s
        return f"{least_s:g}" if least_s == most_s else f"{least_s:g}-{most_s:g}"

    @property
    def connections(self) -> int:
        """A connection for each user."""
        return self.users

    @property
    def processes(self) -> int:
        """Those of its workers that are not brought by other machines; one where it has none."""
        return 1 if self.remote else max(1, self.workers)

    @property
    def offered_per_s(self) -> float | None:
        """What they ask together when each has a rate of its own; None where they pause."""
        return None if self.throughput_per_s is None else self.users * self.throughput_per_s


Pacing = ClosedLoop | OpenLoop | Users
