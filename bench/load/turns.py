"""Windows of several targets that take turns: a short stretch in which one target alone is asked.

Each goes on in its next turn where it ended: with its connections, its order of requests and what
it remembers. What is counted adds up over its turns.
"""

import time
from collections import Counter
from collections.abc import Mapping

from bench.load.client import Client, Traffic
from bench.load.closed import closed_loop
from bench.load.heartbeat import Heartbeat
from bench.load.pacing import Until
from bench.load.recorder import Recorder
from bench.load.request_source import Source
from bench.load.sender import Sender
from bench.load.window import settle
from bench.model import ClosedLoop, LoadResult, LoadSpec, Turn, TurnKind, WarmUp

_LEAST_SENDING = 0.2
"""Of a lead-in: enough for every connection to send once."""


class TurnWindow:
    """One target's window, a turn at a time. Raises ValueError where the load is no closed loop."""

    def __init__(self, spec: LoadSpec) -> None:
        if not isinstance(spec.pacing, ClosedLoop):
            raise ValueError("only a closed loop takes turns")
        self._concurrency = spec.pacing.concurrency
        self._source = Source(spec, {})
        self._sender = Sender(Client(spec.base_url, spec.timeout_s), {})
        self._recorders: Mapping[TurnKind, Recorder] = {
            "lead-in": Recorder(),
            "counted": Recorder(),
        }
        self._warm_up = Recorder()
        self._drain_s = 0.0
        """How long the latest turn waited for its last answers."""
        self._counted_s = self._sending_s = 0.0
        self._traffic = Traffic()
        self._heartbeat = Heartbeat()
        self._started_at_unix_s: float | None = None

    async def warm_up(self, min_s: float, max_s: float) -> WarmUp:
        """Send until the rate is steady, from connections that are all open before.

        A warm-up may be too short for each to be opened by its first request, and leave that to a
        turn that is counted.
        """
        await self._sender.client.open(self._concurrency)
        self._sender.recorder = self._warm_up
        until = Until()
        sending = closed_loop(self._sender.send, self._source, self._concurrency, until)
        return await settle(sending, self._warm_up, until, min_s, max_s)

    async def turn(self, kind: TurnKind, duration_s: float) -> Turn:
        """Send for so long and wait for the last byte; only a counted turn is measured.

        A lead-in ends after so long with its last byte, if each connection has sent by then.
        """
        sender = self._sender
        sender.recorder = recorder = self._recorders[kind]
        sending_s = self._lead_in_s(duration_s) if kind == "lead-in" else duration_s
        succeeded, failed = recorder.succeeded, recorder.failed
        traffic = sender.client.traffic.copy()
        started_at_unix_s = time.time()
        began_s = sender.last_byte_s = time.monotonic()
        until = Until(began_s + sending_s)
        self._heartbeat.start()
        await closed_loop(sender.send, self._source, self._concurrency, until)
        self._heartbeat.stop()
        took_s = sender.last_byte_s - began_s
        self._drain_s = max(0.0, took_s - sending_s)
        self._traffic = self._traffic.plus(sender.client.traffic.since(traffic))
        if kind == "counted":
            self._started_at_unix_s = self._started_at_unix_s or started_at_unix_s
            self._counted_s += took_s
            self._sending_s += min(took_s, duration_s)
        return Turn(took_s, recorder.succeeded - succeeded, recorder.failed - failed)

    def _lead_in_s(self, duration_s: float) -> float:
        """For how long a lead-in sends, so that its last answer comes when it is to be over."""
        return max(duration_s - self._drain_s, duration_s * _LEAST_SENDING)

    def result(self) -> LoadResult:
        """All counted turns together."""
        counted = self._recorders["counted"]
        failures = Counter[str]()
        for recorder in (self._warm_up, *self._recorders.values()):
            failures.update(recorder.failures())
        return LoadResult(
            duration_s=max(self._counted_s, 1e-9),
            succeeded=counted.succeeded,
            failures=dict(failures.most_common()),
            latency=counted.latency(),
            bytes_sent=self._traffic.bytes_sent,
            bytes_received=self._traffic.bytes_received,
            connections_opened=self._traffic.connections_opened,
            started_at_unix_s=self._started_at_unix_s,
            ran_out=self._source.ran_out,
            uncounted=self._recorders["lead-in"].succeeded,
            sending_s=self._sending_s,
            held_up_s=self._heartbeat.longest_s,
        )

    async def close(self) -> None:
        await self._sender.client.close()
