"""A few lines at the bottom of a terminal that are drawn anew, while others scroll by above."""

import threading
import time
from collections.abc import Callable, Sequence

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

PERIOD_S = 0.5
"""The display shares a core with the generator on small machines: twice a second is enough."""


class Display:
    """Draws what `lines` returns, from a thread of its own, between `start` and `close`.

    Where `console` is no terminal, or one that cannot move its cursor, it does nothing. It
    measures what it costs.
    """

    def __init__(
        self, console: Console, lines: Callable[[], Sequence[Text]], period_s: float = PERIOD_S
    ) -> None:
        self._console = console
        self._lines = lines
        self._period_s = period_s
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._cpu_s = 0.0
        self._began_s = self._ended_s = 0.0
        self._live: Live | None = None

    @property
    def shown(self) -> bool:
        """Whether there is a terminal to draw on."""
        return self._console.is_terminal and not self._console.is_dumb_terminal

    @property
    def own_share(self) -> float:
        """CPU that drawing used, as a share of one core."""
        elapsed_s = (self._ended_s or time.monotonic()) - self._began_s
        return self._cpu_s / elapsed_s if self._thread and elapsed_s > 0 else 0.0

    def start(self) -> None:
        if not self.shown:
            return
        # One write for each drawing, and no drawing in between: nothing flickers.
        self._live = Live(
            console=self._console,
            auto_refresh=False,
            transient=True,
            get_renderable=lambda: Group(*self._lines()),
        )
        self._began_s = time.monotonic()
        self._live.start()
        # Left visible: whoever is killed with -9 cannot give it back.
        self._console.show_cursor(True)
        self._thread = threading.Thread(
            target=self._run, args=(self._live,), name="display", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Take the lines away. The terminal is as it was before `start`."""
        self._stop.set()
        if self._thread:
            self._thread.join()
        if self._live:
            self._live.stop()
            self._live = None
            self._ended_s = time.monotonic()

    def _run(self, live: Live) -> None:
        while not self._stop.wait(self._period_s):
            live.refresh()
            self._cpu_s = time.thread_time()
