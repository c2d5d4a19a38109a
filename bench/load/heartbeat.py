"""Whether the generator ran at all times: one that was stopped makes its target look slow."""

import asyncio
import time

PERIOD_S = 0.1


class Heartbeat:
    """Wakes up again and again; how late it did so is how long the process was held up."""

    def __init__(self) -> None:
        self.longest_s = 0.0
        self._due_s = 0.0
        self._next: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Watch from now on, in the running loop."""
        self._due_s = time.monotonic() + PERIOD_S
        self._next = asyncio.get_running_loop().call_later(PERIOD_S, self._beat)

    def stop(self) -> None:
        """Watch no more; what has been late until now counts."""
        self._look()
        if self._next is not None:
            self._next.cancel()

    def _beat(self) -> None:
        self._look()
        self.start()

    def _look(self) -> None:
        self.longest_s = max(self.longest_s, time.monotonic() - self._due_s)
