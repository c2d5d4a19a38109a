"""Being interrupted: heard at once while measuring, not at all while cleaning up.

An interruption is an exception, KeyboardInterrupt, that a signal handler raises wherever the
program is. Where that is a finalizer, Python reports the exception and goes on: Ctrl-C would be
lost, and the benchmark would run to its end.
"""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM)

_AGAIN_S = 0.01
"""Long enough for a finalizer to end, and too short for anybody to notice."""


def interruptible() -> None:
    """From here on SIGTERM and SIGHUP interrupt this process as Ctrl-C does, and none is lost.

    One that a finalizer has swallowed comes again by a timer. One that this process was started
    to ignore (by nohup, say) stays ignored. To be called in the main thread.
    """
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGALRM):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)
    sys.unraisablehook = _interrupt_again


def _interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _interrupt_again(swallowed: "sys.UnraisableHookArgs") -> None:
    if isinstance(swallowed.exc_value, KeyboardInterrupt):
        signal.setitimer(signal.ITIMER_REAL, _AGAIN_S)
    else:
        sys.__unraisablehook__(swallowed)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Cleaning up takes a moment: a second Ctrl-C must not leave half of it undone."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
