"""A timer that keeps absolute appointments.

An event loop's own timers round to a millisecond. A kernel timer that the loop watches like a
socket wakes within some tens of microseconds and costs nothing while it waits. It is set earlier by
what waking has taken lately, and the rest of the time, if there is any, is waited for in a loop.
"""

import asyncio
import contextlib
import os
import time
from types import TracebackType
from typing import Self

_NANOSECONDS = 1_000_000_000

_MOST_LEAD_S = 0.0001
"""So much CPU time an appointment may cost at most."""

_NEWEST = 0.1
"""The newest wake-up's part in what waking has taken lately."""


class Timer:
    """Waits for moments in the time of `time.monotonic()`, one at a time."""

    def __enter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._fd = os.timerfd_create(time.CLOCK_MONOTONIC, flags=os.TFD_NONBLOCK | os.TFD_CLOEXEC)
        self._loop.add_reader(self._fd, self._fire)
        self._rung: asyncio.Future[None] = self._loop.create_future()
        self._lead_s = 0.0
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._loop.remove_reader(self._fd)
        os.close(self._fd)

    async def until(self, moment_s: float) -> None:
        """Return at `moment_s`. When it has passed, return at once, after a turn of the loop."""
        early_s = moment_s - self._lead_s
        is_ahead = early_s > time.monotonic()
        self._rung = self._loop.create_future()
        # Zero would disarm the timer.
        early_ns = max(1, int(early_s * _NANOSECONDS))
        os.timerfd_settime_ns(self._fd, flags=os.TFD_TIMER_ABSTIME, initial=early_ns)
        await self._rung
        if is_ahead:
            took_s = min(time.monotonic() - early_s, _MOST_LEAD_S)
            self._lead_s += _NEWEST * (took_s - self._lead_s)
        # Also to a moment that was too close for the timer.
        while time.monotonic() < moment_s:
            pass

    def _fire(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self._fd, 8)
        if not self._rung.done():
            self._rung.set_result(None)
