"""What makes load, as the lab sees it: the seam between measuring a cell and who sends.

`Generator` sends closed and open loops, `Swarm` lets Locust's users send.
"""

from collections.abc import Mapping
from typing import Protocol

from bench.load.process_channel import OnProgress
from bench.model import LoadResult, LoadSpec, Turn, WarmUp


class Engine(Protocol):
    """One window at a time: prepare, go, collect; counters are read between these."""

    @property
    def pid(self) -> int:
        """The process, with its children, whose CPU time the load costs.

        Raises GeneratorFailed while there is none.
        """
        ...

    def warm_up(self, spec: LoadSpec, min_s: float, max_s: float) -> WarmUp | None:
        """Send this load until its rate is steady; None where the window has its own beginning."""
        ...

    def prepare(self, spec: LoadSpec) -> None:
        """Make a window ready to `go`, so that nothing but its requests happens in it."""
        ...

    def go(self, on_progress: OnProgress = ...) -> None:
        """Run the prepared window. Returns when its last byte has arrived."""
        ...

    def collect(self) -> LoadResult:
        """What the window that has gone counted. Raises GeneratorFailed when none has."""
        ...


class TurnEngine(Protocol):
    """Asks several targets in turns. What it counts of each is collected at the end."""

    @property
    def pid(self) -> int: ...

    def prepare_turns(self, specs: Mapping[str, LoadSpec]) -> None:
        """Make a window for each target ready, by its name."""
        ...

    def warm_up_turns(self, target: str, min_s: float, max_s: float) -> WarmUp:
        """Ask one target until its rate is steady, between `min_s` and `max_s` long."""
        ...

    def begin_turn(self, target: str) -> None:
        """Ask one target, until its turn is ended. Returns as soon as it has begun."""
        ...

    def end_turn(self, target: str, from_s: float, to_s: float) -> Turn:
        """Ask nothing new. Returns when the last byte has arrived.

        Counted is what was answered between two moments of `time.monotonic()`.
        """
        ...

    def collect_turns(self) -> Mapping[str, LoadResult]:
        """What was counted in all turns of each target, by its name."""
        ...
