"""What makes load, as the lab sees it: the seam between measuring a cell and who sends.

`Generator` sends closed and open loops, `Swarm` lets Locust's users send.
"""

from typing import Protocol

from bench.load.conversation import OnProgress
from bench.model import LoadResult, LoadSpec, WarmUp


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

    def prepare(self, spec: LoadSpec) -> None: ...

    def go(self, on_progress: OnProgress = ...) -> None:
        """Run the prepared window. Returns when its last byte has arrived."""
        ...

    def collect(self) -> LoadResult: ...
