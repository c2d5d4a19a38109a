"""The open loop: requests are sent when they are due, whatever the server does.

All that is due at a wake-up is sent by an absolute schedule, so that a late wake-up delays
requests but never the ones after them, and each latency counts from when its request was due.
"""

import asyncio
import time

from bench.load.alarm import Alarm
from bench.load.asking import Source
from bench.load.closed import Send
from bench.load.pacing import Schedule, Until
from bench.load.recorder import LatenessRecorder

IN_FLIGHT_LIMIT = 1000
"""Requests that may wait for an answer at once. Beyond it they are not sent but counted, so that
a server that has fallen behind for good cannot exhaust memory or file descriptors."""

_GRACE_S = 0.05
"""How long after the end a request that was due before it is still sent."""


async def open_loop(
    send: Send,
    source: Source,
    schedule: Schedule,
    start_s: float,
    until: Until,
    lateness: LatenessRecorder,
) -> None:
    in_flight: set[asyncio.Task[None]] = set()
    with Alarm() as alarm:
        async with asyncio.TaskGroup() as group:
            while start_s + schedule.next_s < until.moment_s:
                await alarm.until(start_s + schedule.next_s)
                for due_s in schedule.take_due(time.monotonic() - start_s):
                    if start_s + due_s >= until.moment_s:
                        return
                    now_s = time.monotonic()
                    if len(in_flight) >= IN_FLIGHT_LIMIT or now_s > until.moment_s + _GRACE_S:
                        lateness.unsent += 1
                        continue
                    request = source.next()
                    if request is None:
                        return
                    lateness.sent(now_s - start_s - due_s)
                    task = group.create_task(send(request, start_s + due_s))
                    in_flight.add(task)
                    task.add_done_callback(in_flight.discard)
