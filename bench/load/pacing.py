"""When the requests of an open loop are due. Pure: elapsed time goes in, due times come out.

A closed loop needs only to know when to end; its pace is the server's.
"""

import itertools
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass

from bench.model import OpenLoop


@dataclass
class Until:
    """When sending ends, in the time of `time.monotonic()`. A warm-up changes it on the way."""

    moment_s: float = math.inf

    def stop_at(self, moment_s: float) -> None:
        """Send nothing new from this moment on, if not from an earlier one."""
        self.moment_s = min(self.moment_s, moment_s)


def arrivals(pacing: OpenLoop, seed: int) -> Iterator[float]:
    """The due time of each arrival in seconds since the start, ascending, without end.

    Raises ValueError for a rate that is not above 0.
    """
    if pacing.rate_per_s <= 0:
        raise ValueError(f"a rate of {pacing.rate_per_s} requests/s")
    if pacing.arrivals == "poisson":
        return _poisson(pacing.rate_per_s, seed)
    # Each from its own number: adding up intervals would add up rounding errors too.
    return (number / pacing.rate_per_s for number in itertools.count())


def _poisson(rate_per_s: float, seed: int) -> Iterator[float]:
    rng = random.Random(seed)
    due_s = 0.0
    while True:
        due_s += rng.expovariate(rate_per_s)
        yield due_s


class Schedule:
    """Hands out arrivals as time passes."""

    def __init__(self, due_times_s: Iterator[float]) -> None:
        self._ahead = due_times_s
        self.next_s = next(due_times_s)
        """When the next arrival is due."""

    def take_due(self, elapsed_s: float) -> list[float]:
        """The due times that have come by `elapsed_s`, each handed out once."""
        due: list[float] = []
        while self.next_s <= elapsed_s:
            due.append(self.next_s)
            self.next_s = next(self._ahead)
        return due
