"""The open loop: requests are sent when they are due, whatever the server does.

Everything due at a wake-up is sent by an absolute schedule, so that a late wake-up delays the
requests it was for and none after them, and each latency counts from when its request was due.
"""

import asyncio
import time

from bench.load.closed import SendRequest
from bench.load.pacing import Schedule, Until
from bench.load.recorder import LatenessRecorder
from bench.load.request_source import Source
from bench.load.timer import Timer
from bench.model import IN_FLIGHT_LIMIT

_GRACE_S = 0.05
"""How long after the end a request that was due before it is still sent."""

_TOO_LATE_S = 2.0
"""So far behind its schedule, the generator would measure itself."""


class RateTooHighError(Exception):
    """The generator cannot keep the rate that it was asked for."""


async def open_loop(
    send: SendRequest,
    source: Source,
    schedule: Schedule,
    start_s: float,
    until: Until,
    lateness: LatenessRecorder,
) -> None:
    """Send each request when it is due, whatever the answers do; returns with the last answer.

    What is due while too many are under way is counted as unsent. Raises RateTooHighError when
    sending falls too far behind its schedule.
    """
    in_flight: set[asyncio.Task[None]] = set()
    behind_s = 0.0

    def fire(due_s: float) -> bool:
        """Send the request that was due then; False when sending is over."""
        nonlocal behind_s
        now_s = time.monotonic()
        behind_s = now_s - start_s - due_s
        if behind_s > _TOO_LATE_S:
            return False
        if len(in_flight) >= IN_FLIGHT_LIMIT or now_s > until.moment_s + _GRACE_S:
            lateness.unsent += 1
            return True
        request = source.next()
        if request is None:
            lateness.due_s = due_s
            return False
        lateness.sent(behind_s)
        task = group.create_task(send(request, start_s + due_s))
        in_flight.add(task)
        task.add_done_callback(in_flight.discard)
        return True

    with Timer() as timer:
        async with asyncio.TaskGroup() as group:
            sending = True
            while sending and start_s + schedule.next_s < until.moment_s:
                await timer.until(start_s + schedule.next_s)
                due = schedule.take_due(time.monotonic() - start_s)
                sending = all(
                    fire(moment_s) for moment_s in due if start_s + moment_s < until.moment_s
                )
    if behind_s > _TOO_LATE_S:
        raise RateTooHighError(f"{behind_s:.1f} s behind its own schedule")
    if sending:
        lateness.due_s = until.moment_s - start_s
