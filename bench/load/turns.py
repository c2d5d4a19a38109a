"""Windows of several targets that take turns: a short stretch in which one target alone is asked.

Each goes on in its next turn where it ended: with its connections, its order of requests and what
it remembers. What is counted adds up over its turns.
"""

import time
from collections import Counter
from collections.abc import Mapping

from bench.load.asking import Source
from bench.load.client import Client, Traffic
from bench.load.closed import closed_loop
from bench.load.pacing import Until
from bench.load.recorder import Recorder
from bench.load.sender import Sender
from bench.model import ClosedLoop, LoadResult, LoadSpec, Turn, TurnKind


class TurnWindow:
    """One target's window, a turn at a time. Raises ValueError where the load is no closed loop."""

    def __init__(self, spec: LoadSpec) -> None:
        if not isinstance(spec.pacing, ClosedLoop):
            raise ValueError("only a closed loop takes turns")
        self._concurrency = spec.pacing.concurrency
        self._source = Source(spec, {})
        self._sender = Sender(Client(spec.base_url, spec.timeout_s), {})
        self._recorders: Mapping[TurnKind, Recorder] = {
            "warm-up": Recorder(),
            "lead-in": Recorder(),
            "counted": Recorder(),
        }
        self._opened = False
        self._counted_s = self._sending_s = 0.0
        self._traffic = Traffic()
        self._started_at_unix_s: float | None = None

    async def turn(self, kind: TurnKind, duration_s: float) -> Turn:
        """Send for so long and wait for the last byte; only a counted turn is measured.

        All connections are open before the first request: a short turn would end before each had
        its own, and leave opening them to one that is counted.
        """
        sender = self._sender
        if not self._opened:
            await sender.client.open(self._concurrency)
            self._opened = True
        sender.recorder = recorder = self._recorders[kind]
        succeeded, failed = recorder.succeeded, recorder.failed
        traffic = sender.client.traffic.copy()
        started_at_unix_s = time.time()
        began_s = sender.last_byte_s = time.monotonic()
        until = Until(began_s + duration_s)
        await closed_loop(sender.send, self._source, self._concurrency, until)
        took_s = sender.last_byte_s - began_s
        if kind != "warm-up":
            self._traffic = self._traffic.plus(sender.client.traffic.since(traffic))
        if kind == "counted":
            self._started_at_unix_s = self._started_at_unix_s or started_at_unix_s
            self._counted_s += took_s
            self._sending_s += min(took_s, duration_s)
        return Turn(took_s, recorder.succeeded - succeeded, recorder.failed - failed)

    def result(self) -> LoadResult:
        """All counted turns together."""
        counted = self._recorders["counted"]
        failures = Counter[str]()
        for recorder in self._recorders.values():
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
        )

    async def close(self) -> None:
        await self._sender.client.close()
