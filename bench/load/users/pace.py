"""When a user sends: after a pause, or on a beat of its own. Pure: clocks are arguments."""

import random
from dataclasses import dataclass, field
from typing import Protocol


class Pace(Protocol):
    """`wait_s` is asked once before each request; `late_s` when it is sent."""

    def wait_s(self, now_s: float) -> float:
        """Seconds from now to the next request, which this moves on to."""
        ...

    def late_s(self, now_s: float) -> float | None:
        """How many seconds after it was due a request is sent now; None where nothing was due."""
        ...


@dataclass(frozen=True)
class Pauses:
    """A uniform pause between `least_s` and `most_s` after each answer, as a person takes it."""

    least_s: float
    most_s: float
    rng: random.Random = field(default_factory=random.Random)

    def wait_s(self, now_s: float) -> float:  # noqa: ARG002  the interface of a pace
        return self.rng.uniform(self.least_s, self.most_s)

    def late_s(self, now_s: float) -> float | None:  # noqa: ARG002
        """None: a request after a pause is due whenever it comes."""
        return None


class Beat:
    """A request every `period_s`, at (k + `phase`) x `period_s` of the clock, `phase` in 0..1.

    Locust's own constant_throughput starts each user's beat when the user starts; users start in
    batches, so they send in bursts. Here the beats of n users with phases 0, 1/n, 2/n ... divide
    the period evenly, whenever the users have started. A user that is late keeps its schedule:
    it sends at once until it has caught up, and each request knows how late it was.
    """

    def __init__(self, period_s: float, phase: float, now_s: float) -> None:
        self._period_s = period_s
        beats = now_s // period_s
        due_s = (beats + phase) * period_s
        # `wait_s` moves one period on before the first request.
        self._due_s = due_s if due_s <= now_s else due_s - period_s
        self._sent = True

    def wait_s(self, now_s: float) -> float:
        self._due_s += self._period_s
        self._sent = False
        return max(0.0, self._due_s - now_s)

    def late_s(self, now_s: float) -> float | None:
        self._sent = True
        return max(0.0, now_s - self._due_s)

    def forget_missed(self, now_s: float) -> None:
        """Begin afresh: of what was due and not sent, only the latest is still to be sent."""
        self._due_s += max(0.0, (now_s - self._due_s) // self._period_s) * self._period_s

    def missed(self, moment_s: float) -> int:
        """How many requests were due up to then and have not been sent."""
        if self._due_s > moment_s:
            return 0
        return int((moment_s - self._due_s) // self._period_s) + (not self._sent)


def phase_of(number: int, worker: int, workers: int, users: int) -> float:
    """The phase of a worker's `number`-th user, so that all users divide the period evenly.

    Locust deals users to its workers in turn. With other counts than planned (a lost worker, a
    moved user) the phases repeat, and some users send together.
    """
    return (number * workers + worker) % users / users
