"""Makes a Python program cost a known share more CPU. For the self-test alone.

Python imports this module when it starts, if this folder is on PYTHONPATH. With ONECORE_PLANT=0.10
the program then spends 10 % more CPU time than its own work takes, whatever that work is; without
the variable nothing happens.

A thread burns what is owed. How much that is it reckons from exact CPU clocks: the process's, and
its own, which counts whatever the planting itself costs. It burns where Python's lock is let go
and next to no memory is touched, so that the program's own work takes no more CPU than before. (A
signal handler, for which all threads of a server wait, made that work dearer by half of the share
that it was to plant.)

A program that forks lets its children do the work: they burn, and the parent stops, so that it
forks as a process with one thread.
"""

import hashlib
import importlib.machinery
import importlib.util
import os
import sys
import threading
import time

OCCASION_S = 0.01
"""Between two looks at what is owed."""

_PASSES = 200
"""Of a derivation of keys, which takes about a tenth of a millisecond then."""


class Planted:
    """Burns `share` of what its process uses beside it, from `start` on."""

    def __init__(self, share: float) -> None:
        self._share = share
        self.start()

    def start(self) -> None:
        """Begin to burn; in a new process, from nothing."""
        self._enough = threading.Event()
        self._thread = threading.Thread(target=self._run, name="plant", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Burn no more; returns when the thread has ended."""
        self._enough.set()
        self._thread.join()

    def _run(self) -> None:
        began_s = time.process_time() - time.thread_time()
        while not self._enough.wait(OCCASION_S):
            while time.thread_time() < self._share * self._useful_s(began_s):
                hashlib.pbkdf2_hmac("sha256", b"", b"", _PASSES)

    def _useful_s(self, began_s: float) -> float:
        return time.process_time() - time.thread_time() - began_s


def plant(share: float) -> Planted:
    """Burn that share from now on, here or, after a fork, in the children alone."""
    planted = Planted(share)
    os.register_at_fork(before=planted.stop, after_in_child=planted.start)
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
