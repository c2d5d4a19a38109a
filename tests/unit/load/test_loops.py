"""The two loops with a server that is a coroutine."""

import asyncio
import time
from itertools import count

import pytest

from bench.load.closed import closed_loop
from bench.load.open import RateTooHighError, open_loop
from bench.load.pacing import Schedule, Until
from bench.load.recorder import LatenessRecorder
from bench.load.request_source import Request, Source
from bench.model import IN_FLIGHT_LIMIT, ClosedLoop, LoadSpec, Share

HOUR_S = 3600.0


def pings(requests: int | None = None) -> Source:
    spec = LoadSpec("http://x", (Share("ping"),), ClosedLoop(1), 1, requests=requests)
    return Source(spec, {})


class Sent:
    """Takes requests and remembers when their latency began."""

    def __init__(self) -> None:
        self.since_s: list[float] = []
        self.in_flight = self.most_in_flight = 0

    async def send(self, request: Request, since_s: float) -> None:
        self.since_s.append(since_s)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        await asyncio.sleep(0)
        self.in_flight -= 1


def test_a_closed_loop_keeps_its_concurrency_until_the_requests_are_sent() -> None:
    """All requests are sent, with never more in flight than asked for."""
    sent = Sent()
    asyncio.run(closed_loop(sent.send, pings(50), 7, Until()))
    assert len(sent.since_s) == 50
    assert sent.most_in_flight == 7


def test_a_closed_loop_that_is_over_sends_nothing() -> None:
    """After the end no request is begun."""
    sent = Sent()
    asyncio.run(closed_loop(sent.send, pings(), 7, Until(time.monotonic())))
    assert sent.since_s == []


def test_latency_in_an_open_loop_begins_when_the_request_was_due() -> None:
    """A request that is sent late counts from when it was due."""
    sent, lateness = Sent(), LatenessRecorder()
    start_s = time.monotonic()
    due_s = [0.0, 0.001, 0.001, 0.004, 0.01]
    schedule = Schedule(iter([*due_s, HOUR_S]))
    asyncio.run(
        open_loop(sent.send, pings(), schedule, start_s, Until(start_s + HOUR_S / 2), lateness)
    )
    assert sent.since_s == [start_s + each for each in due_s]
    assert lateness.unsent == 0
    assert lateness.due_s == pytest.approx(HOUR_S / 2)


def test_an_open_loop_ends_with_its_requests() -> None:
    """It lasts until the next one would have been due."""
    sent, lateness = Sent(), LatenessRecorder()
    schedule = Schedule(number / 1000 for number in count())
    start_s = time.monotonic()
    asyncio.run(open_loop(sent.send, pings(5), schedule, start_s, Until(), lateness))
    assert len(sent.since_s) == 5
    assert lateness.due_s == 0.005


def test_what_exceeds_the_limit_in_flight_is_unsent() -> None:
    """A burst that no task can finish in between, because it is due at a single moment."""
    sent, lateness = Sent(), LatenessRecorder()
    schedule = Schedule(iter([0.0] * (IN_FLIGHT_LIMIT + 25) + [HOUR_S]))
    start_s = time.monotonic()
    asyncio.run(
        open_loop(sent.send, pings(), schedule, start_s, Until(start_s + HOUR_S / 2), lateness)
    )
    assert len(sent.since_s) == IN_FLIGHT_LIMIT
    assert lateness.unsent == 25


def test_a_rate_that_cannot_be_kept_is_refused() -> None:
    """A generator far behind its schedule says so instead of measuring itself."""
    sent = Sent()
    schedule = Schedule(number / 1000 for number in count())
    an_hour_ago_s = time.monotonic() - HOUR_S
    with pytest.raises(RateTooHighError, match="behind"):
        asyncio.run(
            open_loop(sent.send, pings(), schedule, an_hour_ago_s, Until(), LatenessRecorder())
        )
    assert sent.since_s == []
