"""One stretch of load from the first send to the last byte, and the warm-up before it."""

import asyncio
import gc
import math
import time
from collections.abc import Coroutine
from typing import Any

from bench.load.client import Client
from bench.load.closed import closed_loop
from bench.load.heartbeat import Heartbeat
from bench.load.open import open_loop
from bench.load.pacing import Schedule, Until, arrivals
from bench.load.process_channel import OnProgress
from bench.load.recorder import LatenessRecorder, Recorder
from bench.load.request_source import Source
from bench.load.sender import CreatedItems, Sender
from bench.model import ClosedLoop, LoadResult, LoadSpec, OpenLoop, Progress, WarmUp
from bench.stats.steady import SLICES, is_steady

_PROGRESS_S = 0.5


class Window:
    """Sends a load and records what comes back."""

    def __init__(self, client: Client, spec: LoadSpec, created: CreatedItems) -> None:
        self.spec = spec
        self._sender = Sender(client, created)
        self._source = Source(spec, created)
        self._lateness = LatenessRecorder()
        self.until = Until()
        self._started_s = 0.0
        self._started_at_unix_s: float | None = None
        self._traffic_before = client.traffic.copy()
        self._heartbeat = Heartbeat()

    @property
    def recorder(self) -> Recorder:
        """The outcomes of the window's requests so far."""
        return self._sender.recorder

    @property
    def created(self) -> CreatedItems:
        """Items that creates in this window were answered with."""
        return self._sender.created

    async def run(self) -> None:
        """Send until the load is exhausted or its time is over, and wait for the last byte."""
        self._traffic_before = self._sender.client.traffic.copy()
        self._started_at_unix_s = time.time()
        self._started_s = self._sender.last_byte_s = time.monotonic()
        if self.spec.duration_s is not None:
            self.stop_at(self._started_s + self.spec.duration_s)
        self._heartbeat.start()
        try:
            await self._send_all()
        finally:
            self._heartbeat.stop()

    async def _send_all(self) -> None:
        pacing = self.spec.pacing
        if isinstance(pacing, ClosedLoop):
            await closed_loop(self._sender.send, self._source, pacing.concurrency, self.until)
        else:
            assert isinstance(pacing, OpenLoop), "users are Locust's"
            schedule = Schedule(arrivals(pacing, self.spec.seed))
            await open_loop(
                self._sender.send,
                self._source,
                schedule,
                self._started_s,
                self.until,
                self._lateness,
            )

    def stop_at(self, moment_s: float) -> None:
        """Send nothing new from this moment on."""
        self.until.stop_at(moment_s)

    def progress(self) -> Progress:
        """What has been counted so far: mean rate since the start, p99 of the latest answers."""
        elapsed_s = time.monotonic() - self._started_s
        done = self.recorder
        rate = done.succeeded / elapsed_s if elapsed_s else 0.0
        return Progress(elapsed_s, done.succeeded, done.failed, rate, done.p99_s())

    def result(self) -> LoadResult:
        """What the window counted, from its first send to its last byte."""
        traffic = self._sender.client.traffic.since(self._traffic_before)
        return LoadResult(
            duration_s=max(self._sender.last_byte_s - self._started_s, 1e-9),
            succeeded=self.recorder.succeeded,
            failures=self.recorder.failures(),
            latency=self.recorder.latency(),
            bytes_sent=traffic.bytes_sent,
            bytes_received=traffic.bytes_received,
            connections_opened=traffic.connections_opened,
            lateness=None if self.spec.pacing.offered_per_s is None else self._lateness.lateness(),
            started_at_unix_s=self._started_at_unix_s,
            ran_out=self._source.ran_out,
            held_up_s=self._heartbeat.longest_s,
        )


def collector_off() -> None:
    """Keep the garbage collector from pausing a window; what exists now it never looks at."""
    gc.collect()
    gc.freeze()
    gc.disable()


def collector_on() -> None:
    """Let the garbage collector work again, on everything there is."""
    gc.enable()
    gc.unfreeze()


async def measure(window: Window, on_progress: OnProgress) -> None:
    """Run a window, telling of its progress on the way."""

    async def tell() -> None:
        while True:
            await asyncio.sleep(_PROGRESS_S)
            on_progress(window.progress())

    teller = asyncio.create_task(tell())
    try:
        await window.run()
    finally:
        teller.cancel()


async def warm_up(window: Window, min_s: float, max_s: float) -> WarmUp:
    """Run a window until its rate is steady; see `settle`."""
    return await settle(window.run(), window.recorder, window.until, min_s, max_s)


async def settle(
    sending: Coroutine[Any, Any, None],
    recorder: Recorder,
    until: Until,
    min_s: float,
    max_s: float,
) -> WarmUp:
    """Send until the rate is steady: at least `min_s`, and nothing new after `max_s`.

    It ends sooner only when there is nothing left to send.
    """
    started_s = time.monotonic()
    until.stop_at(started_s + max_s)
    running = asyncio.create_task(sending)
    rates_per_s: list[float] = []
    seen, seen_at_s = 0, started_s
    while not is_steady(rates_per_s) and await _lasts_until(running, seen_at_s + min_s / SLICES):
        done, now_s = recorder.succeeded, time.monotonic()
        rates_per_s.append((done - seen) / (now_s - seen_at_s))
        seen, seen_at_s = done, now_s
    until.stop_at(-math.inf)
    await running
    duration_s = time.monotonic() - started_s
    return WarmUp(duration_s, recorder.succeeded + recorder.failed, is_steady(rates_per_s))


async def _lasts_until(task: asyncio.Task[None], moment_s: float) -> bool:
    """Wait for the moment, never less; False as soon as the task ends before it."""
    # A timer may ring a little early.
    while not task.done() and (left_s := moment_s - time.monotonic()) > 0:
        await asyncio.wait([task], timeout=left_s)
    return not task.done()
