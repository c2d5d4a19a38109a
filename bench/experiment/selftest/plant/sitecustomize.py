"""Makes a Python program cost a known share more CPU. For the self-test alone.

Python imports this module when it starts, if this folder is on PYTHONPATH. With ONECORE_PLANT=0.10
the program then spends 10 % more CPU time than its own work takes, whatever that work is; without
the variable nothing happens.

A timer of the kernel (ITIMER_PROF) fires each time the process has used up a little more CPU, and
its signal handler burns what is owed. The timer only gives the occasions: it counts in whole
ticks, fires late when the main thread is busy in C, and counts the burning too. What is owed is
reckoned from the process's exact CPU clock, so that the planted share is exact all the same.

Timers do not survive a fork: a child starts its own. They do survive an exec, and its signal would
kill a program that does not know it, so this is nothing for programs that replace themselves.
"""

import atexit
import importlib.machinery
import importlib.util
import os
import signal
import sys
import time

OCCASION_S = 0.01
"""CPU time between two occasions to burn. A tenth of it is less than threads notice: they hand
over to each other every 5 ms."""


class Planted:
    """What this process has burnt so far, and what it owes."""

    def __init__(self, share: float) -> None:
        self._share = share
        self.start()

    def start(self) -> None:
        """Begin to count, in a new process from nothing."""
        self._began_s = time.process_time()
        self._burnt_s = 0.0
        self._burning = False
        signal.setitimer(signal.ITIMER_PROF, OCCASION_S, OCCASION_S)

    def share(self) -> float:
        """The share planted so far."""
        return self._burnt_s / self._useful_s()

    def _useful_s(self) -> float:
        return time.process_time() - self._began_s - self._burnt_s

    def burn(self, *_: object) -> None:
        """Burn what is owed. The signal may come again meanwhile."""
        if self._burning:
            return
        self._burning = True
        began_s = time.thread_time()
        end_s = began_s + self._share * self._useful_s() - self._burnt_s
        try:
            while time.thread_time() < end_s:
                pass
        finally:
            self._burnt_s += time.thread_time() - began_s
            self._burning = False


def plant(share: float) -> Planted:
    planted = Planted(share)
    signal.signal(signal.SIGPROF, planted.burn)
    # System calls that the signal interrupts go on, as if nothing had been.
    signal.siginterrupt(signal.SIGPROF, False)
    os.register_at_fork(after_in_child=planted.start)
    # Python takes its signal handlers down when it ends; the next signal would then kill it.
    atexit.register(signal.setitimer, signal.ITIMER_PROF, 0)
    return planted


def run_shadowed() -> None:
    """Run the `sitecustomize` that would have been found without this one, if there is one.

    Some distributions set up their Python in it.
    """
    here = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - at every start
    others = [folder for folder in sys.path if os.path.abspath(folder) != here]  # noqa: PTH100
    found = importlib.machinery.PathFinder.find_spec(__name__, others)
    if found and found.loader:
        found.loader.exec_module(importlib.util.module_from_spec(found))


planted = plant(float(os.environ["ONECORE_PLANT"])) if "ONECORE_PLANT" in os.environ else None
run_shadowed()
