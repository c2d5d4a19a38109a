"""Being interrupted: heard at once while measuring, not at all while cleaning up.

An interruption is an exception, KeyboardInterrupt, that a signal handler raises wherever the
program is. Where that is a finalizer, Python reports the exception and goes on: Ctrl-C would be
lost, and the benchmark would run to its end.
"""

import math
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM)

_AGAIN_S = 0.01
"""Long enough for a finalizer to end, and too short for anybody to notice."""


def interruptible() -> None:
    """From here on SIGTERM and SIGHUP interrupt this process as Ctrl-C does, and none is lost.

    One that a finalizer has swallowed comes again by a timer. One that this process was started
    to ignore (by nohup, say) stays ignored. To be called in the main thread.
    """
    for number in _SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)
    sys.unraisablehook = _interrupt_again


_heard_s: float = -math.inf
"""When the latest interruption was heard."""


def _interrupt(number: int, _frame: FrameType | None) -> None:
    """Raises KeyboardInterrupt, once for signals that come together: a terminal, make and a nervous
    hand send several, and one in the midst of what the first has begun would leave it half done.
    """
    global _heard_s
    now_s = time.monotonic()
    if number != signal.SIGALRM and now_s < _heard_s + TOGETHER_S:
        return
    _heard_s = now_s
    raise KeyboardInterrupt


def _interrupt_again(swallowed: "sys.UnraisableHookArgs") -> None:
    if isinstance(swallowed.exc_value, KeyboardInterrupt):
        signal.setitimer(signal.ITIMER_REAL, _AGAIN_S)
    else:
        sys.__unraisablehook__(swallowed)


TOGETHER_S = 0.5
"""Signals within this time are one interruption."""


@contextmanager
def undisturbed() -> Iterator[None]:
    """Cleaning up takes a moment: a second Ctrl-C must not leave half of it undone."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
