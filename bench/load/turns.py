"""Windows of several targets that take turns: a short stretch in which one target alone is asked.

Each goes on in its next turn where it ended: with its connections, its order of requests and what
it remembers. What is counted adds up over its turns.

A turn is counted between two moments in the middle of its load, when every connection is busy. To
wait for the last answers before the first of them would have all connections ask at once again:
no server meets such a herd twenty times a second, and some pay much for it (see the method).

A request that is in flight at such a moment counts by the share of its time between the two: a
server of twenty threads answers in waves, and one wave more or less is a tenth of a short turn.
"""

import asyncio
import math
import time
from array import array
from collections import Counter
from collections.abc import Iterator

from bench.load.client import Client, Traffic
from bench.load.closed import closed_loop
from bench.load.heartbeat import Heartbeat
from bench.load.pacing import Until
from bench.load.recorder import Recorder
from bench.load.request_source import Source
from bench.load.sender import Sender
from bench.load.window import settle
from bench.model import ClosedLoop, LoadResult, LoadSpec, Operation, Turn, WarmUp


class _Answers(Recorder):
    """The answers of one turn, each with the moment when the sender had its last byte."""

    def __init__(self, sender: Sender) -> None:
        super().__init__()
        self._sender = sender
        self._at_s = array("d")
        self._took_s = array("d")
        self._operations: list[Operation] = []
        self._latest_s: dict[asyncio.Task[None] | None, float] = {}
        """When each connection had its latest answer. A connection is a task of the closed loop."""
        self._answered = asyncio.Event()

    def success(self, operation: Operation, seconds: float) -> None:
        self.succeeded += 1
        self._at_s.append(self._sender.last_byte_s)
        self._took_s.append(seconds)
        self._operations.append(operation)
        self._note_answer()

    def failure(self, reason: str) -> None:
        super().failure(reason)
        self._note_answer()

    def _note_answer(self) -> None:
        self._latest_s[asyncio.current_task()] = self._sender.last_byte_s
        self._answered.set()

    async def all_answered_since(self, moment_s: float, connections: int) -> None:
        """Until each of so many connections has had an answer after that moment.

        What was in flight then has been answered while all others were as busy as before.
        """
        while sum(at_s > moment_s for at_s in self._latest_s.values()) < connections:
            self._answered.clear()
            await self._answered.wait()

    def count(self, from_s: float, to_s: float, counted: Recorder) -> int:
        """Hand on the times of those that were complete between the two moments; how many."""
        before = counted.succeeded
        for at_s, operation, took_s in zip(self._at_s, self._operations, self._took_s, strict=True):
            if from_s < at_s <= to_s:
                counted.success(operation, took_s)
        return counted.succeeded - before

    def in_flight_s(self, from_s: float, to_s: float) -> float:
        """For how long requests were in flight between the two moments, all of them together."""
        return sum(within_s for within_s, _ in self._spans(from_s, to_s))

    def served(self, from_s: float, to_s: float) -> float:
        """Successful requests, each by the share of its time that lies between the two moments."""
        return sum(within_s / took_s for within_s, took_s in self._spans(from_s, to_s))

    def _spans(self, from_s: float, to_s: float) -> Iterator[tuple[float, float]]:
        """Of each request how much of its time lies between, and all of it, in seconds."""
        for at_s, took_s in zip(self._at_s, self._took_s, strict=True):
            within_s = min(at_s, to_s) - max(at_s - took_s, from_s)
            if within_s > 0:
                yield within_s, took_s


class TurnWindow:
    """One target's window, a turn at a time. Raises ValueError where the load is no closed loop."""

    def __init__(self, spec: LoadSpec) -> None:
        if not isinstance(spec.pacing, ClosedLoop):
            raise ValueError("only a closed loop takes turns")
        self._concurrency = spec.pacing.concurrency
        self._source = Source(spec, {})
        self._sender = Sender(Client(spec.base_url, spec.timeout_s), {})
        self._counted = Recorder()
        self._failures = Counter[str]()
        self._uncounted = 0
        self._counted_s = self._in_flight_s = self._served = 0.0
        self._traffic = Traffic()
        self._heartbeat = Heartbeat()
        self._started_at_unix_s: float | None = None
        self._until = Until()
        self._sending: asyncio.Task[None] | None = None
        self._answers = _Answers(self._sender)
        self._traffic_before = Traffic()

    async def warm_up(self, min_s: float, max_s: float) -> WarmUp:
        """Send until the rate is steady, from connections that are all open before.

        A warm-up may be too short for each to be opened by its first request, and leave that to a
        turn that is counted.
        """
        await self._sender.client.open(self._concurrency)
        self._sender.recorder = recorder = Recorder()
        until = Until()
        sending = closed_loop(self._sender.send, self._source, self._concurrency, until)
        told = await settle(sending, recorder, until, min_s, max_s)
        self._failures.update(recorder.failures())
        return told

    def begin_turn(self) -> None:
        """Send from all connections, until the turn is ended."""
        sender = self._sender
        sender.recorder = self._answers = _Answers(sender)
        self._traffic_before = sender.client.traffic.copy()
        self._started_at_unix_s = self._started_at_unix_s or time.time()
        self._until = Until()
        self._heartbeat.start()
        sending = closed_loop(sender.send, self._source, self._concurrency, self._until)
        self._sending = asyncio.create_task(sending)

    async def end_turn(self, from_s: float, to_s: float) -> Turn:
        """Count what lies between two moments of `time.monotonic()`, and end the load.

        It goes on until each connection has been answered after `to_s`; then nothing new is sent,
        and the last answers are waited for. Raises ValueError when no turn has begun.
        """
        if self._sending is None:
            raise ValueError("no turn has begun")
        if to_s > from_s:
            await self._all_answered_since(to_s, self._sending)
        self._until.stop_at(-math.inf)
        sending, self._sending = self._sending, None
        await sending
        self._heartbeat.stop()
        answers = self._answers
        self._traffic = self._traffic.plus(self._sender.client.traffic.since(self._traffic_before))
        self._failures.update(answers.failures())
        succeeded = answers.count(from_s, to_s, self._counted)
        self._uncounted += answers.succeeded - succeeded
        self._counted_s += to_s - from_s
        self._in_flight_s += answers.in_flight_s(from_s, to_s)
        served = answers.served(from_s, to_s)
        self._served += served
        return Turn(to_s - from_s, succeeded, answers.failed, served)

    async def _all_answered_since(self, moment_s: float, sending: asyncio.Task[None]) -> None:
        """Or until nothing is left to send."""
        answered = asyncio.create_task(
            self._answers.all_answered_since(moment_s, self._concurrency)
        )
        await asyncio.wait((sending, answered), return_when=asyncio.FIRST_COMPLETED)
        answered.cancel()

    def result(self) -> LoadResult:
        """What was counted in all turns; bytes and connections are those of lead-ins, too."""
        return LoadResult(
            duration_s=max(self._counted_s, 1e-9),
            succeeded=self._counted.succeeded,
            failures=dict(self._failures.most_common()),
            latency=self._counted.latency(),
            bytes_sent=self._traffic.bytes_sent,
            bytes_received=self._traffic.bytes_received,
            connections_opened=self._traffic.connections_opened,
            started_at_unix_s=self._started_at_unix_s,
            ran_out=self._source.ran_out,
            uncounted=self._uncounted,
            served=self._served,
            in_flight_s=self._in_flight_s,
            held_up_s=self._heartbeat.longest_s,
        )

    async def close(self) -> None:
        """Stop sending, if a turn is under way, and close all connections."""
        if self._sending is not None:
            self._sending.cancel()
        await self._sender.client.close()
