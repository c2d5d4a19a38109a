"""A few lines at the bottom of a terminal that are drawn anew, while others scroll by above."""

import io
import threading
import time
from collections.abc import Callable, Sequence

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

PERIOD_S = 0.5
"""The display shares a core with the generator on small machines: twice a second is enough."""

_DRAWINGS = 100


def drawing_share(lines: Callable[[], Sequence[Text]]) -> float:
    """CPU that a display of these lines uses, as a share of one core: measured unseen."""
    console = Console(file=io.StringIO(), force_terminal=True, width=80, height=24)
    live = Live(
        console=console, auto_refresh=False, get_renderable=lambda: Group(*lines()), transient=True
    )
    with live:
        before_s = time.thread_time()
        for _ in range(_DRAWINGS):
            live.refresh()
        return (time.thread_time() - before_s) / _DRAWINGS / PERIOD_S


class Display:
    """Draws what `lines` returns, from a thread of its own, between `start` and `close`.

    Where `console` is no terminal, or one that cannot move its cursor, it does nothing.
    """

    def __init__(
        self, console: Console, lines: Callable[[], Sequence[Text]], period_s: float = PERIOD_S
    ) -> None:
        self._console = console
        self._lines = lines
        self._period_s = period_s
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._live: Live | None = None

    @property
    def shown(self) -> bool:
        """Whether there is a terminal to draw on."""
        return self._console.is_terminal and not self._console.is_dumb_terminal

    def start(self) -> None:
        """Begin to draw, if there is a terminal."""
        if not self.shown:
            return
        # One write for each drawing, and no drawing in between: nothing flickers.
        self._live = Live(
            console=self._console,
            auto_refresh=False,
            transient=True,
            get_renderable=lambda: Group(*self._lines()),
        )
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

    def _run(self, live: Live) -> None:
        while not self._stop.wait(self._period_s):
            live.refresh()
