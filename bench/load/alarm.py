"""A timer that keeps absolute appointments.

An event loop's own timers round to a millisecond. A kernel timer that the loop watches like a
socket wakes within some tens of microseconds and costs nothing while it waits.
"""

import asyncio
import contextlib
import os
import time
from types import TracebackType
from typing import Self

_NANOSECONDS = 1_000_000_000


class Alarm:
    """Waits for moments in the time of `time.monotonic()`, one at a time."""

    def __enter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._fd = os.timerfd_create(time.CLOCK_MONOTONIC, flags=os.TFD_NONBLOCK | os.TFD_CLOEXEC)
        self._loop.add_reader(self._fd, self._fire)
        self._rung: asyncio.Future[None] = self._loop.create_future()
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
        self._rung = self._loop.create_future()
        # Zero would disarm the timer.
        moment_ns = max(1, int(moment_s * _NANOSECONDS))
        os.timerfd_settime_ns(self._fd, flags=os.TFD_TIMER_ABSTIME, initial=moment_ns)
        await self._rung

    def _fire(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self._fd, 8)
        if not self._rung.done():
            self._rung.set_result(None)
