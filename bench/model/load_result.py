"""What one window of load showed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import AliasChoices, Field, PlainSerializer, ValidateAs

from bench.model.hdr import Histogram
from bench.model.plan import Operation

_StoredAsText = Annotated[
    Histogram,
    ValidateAs(str, Histogram),
    PlainSerializer(lambda histogram: histogram.text, return_type=str),
]


@dataclass(frozen=True)
class WarmUp:
    """What happened before the window, and whether the rate had settled by then."""

    duration_s: float
    requests: int
    steady: bool


@dataclass(frozen=True)
class Turn:
    """A short stretch in which one target alone was asked and all its connections were busy.

    `succeeded` are the requests whose last byte came in it. `served` counts each successful one by
    the share of its time that lies in it.
    """

    duration_s: float
    succeeded: int
    failed: int
    served: float


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
    hdr: _StoredAsText


@dataclass(frozen=True)
class Lateness:
    """How far behind its own schedule the generator sent (open loop).

    `late` counts requests sent more than 1 ms after they were due; `unsent` those that were due
    but could not be sent before the window closed. Where nothing was sent, no time is known.
    `times` is the whole distribution, so that windows can be put together; None in runs that did
    not keep it. `due_s` is for how long requests came due.
    """

    p50_s: float | None
    p99_s: float | None
    max_s: float | None
    late: int
    unsent: int
    times: Distribution | None = None
    due_s: float | None = None


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
    its last report, three seconds at most, is not counted. `clock_off_s` is how far its clock was
    ahead of the master's (below 0: behind); its times have been put right by that.
    """

    name: str
    pid: int
    requests: int
    cpu_s: float
    busiest_share: float | None
    lost_at_s: float | None = None
    clock_off_s: float = 0.0


@dataclass(frozen=True)
class UsersResult:
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
    that the window ended early because ids that can be taken only once were used up. `users` is
    there when users made the load: their times are what a user waited, or, with a throughput of
    their own, latency as in an open loop.

    Where targets took turns, the figures are those of all counted turns together: `duration_s` is
    their sum, without what lies between, and `in_flight_s` for how long requests were in flight in
    it, all of them together. `served` counts each successful request by the share of its time that
    lies in a turn; `succeeded` those whose last byte does, as `latency` has them. Runs of method 2
    tell for how long of it new requests were sent, `sending_s`: the rest is waiting for the last
    answers. `uncounted` are the requests that were answered before and after what is counted of a
    turn, their bytes are told too, and
    `failures` are those of warm-ups and of whole turns.

    `held_up_s` is the longest time in which the generator should have run and did not; None where
    it does not look.
    """

    duration_s: float
    succeeded: int
    failures: Mapping[str, int]
    latency: Mapping[Operation, Distribution]
    bytes_sent: int
    bytes_received: int
    connections_opened: int
    lateness: Lateness | None = None
    started_at_unix_s: float | None = None
    ran_out: bool = False
    users: Annotated[UsersResult | None, Field(validation_alias=AliasChoices("users", "crowd"))] = (
        None
    )
    uncounted: int = 0
    served: float | None = None
    sending_s: float | None = None
    in_flight_s: float | None = None
    held_up_s: float | None = None

    @property
    def failed(self) -> int:
        """How many requests failed, for whatever reason."""
        return sum(self.failures.values())

    @property
    def requests(self) -> int:
        """All requests, whether they were counted, and whether they succeeded."""
        return self.succeeded + self.failed + self.uncounted

    @property
    def rate_per_s(self) -> float:
        """Successful requests per second. Failures never count as speed."""
        return self.requests_served / self.duration_s

    @property
    def requests_served(self) -> float:
        """Successful requests, in turns by their shares: what CPU time is divided by."""
        return self.succeeded if self.served is None else self.served


@dataclass(frozen=True)
class Progress:
    """A running window as the live display sees it, or in turns those of all targets together.

    `p99_s` is None while samples are too few.
    """

    elapsed_s: float
    succeeded: int
    failed: int
    rate_per_s: float
    p99_s: float | None = None
