"""The load generator as the lab sees it: a process of its own on CPUs of its own.

    with Generator(cpus=(0,)) as generator:
        generator.warm_up(spec, min_s=1, max_s=5)
        generator.prepare(spec)
        ...                                    # read CPU counters
        generator.go()                         # returns when the last byte has arrived
        ...                                    # read them again
        result = generator.collect()

Preparing and collecting are apart from the window itself so that the caller can read counters
exactly at its edges.
"""

import os
import tempfile
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

from bench.load import process
from bench.load.process_channel import OnProgress, ProcessChannel, ignore
from bench.load.wire import (
    AskBeginTurn,
    AskCollect,
    AskCollectTurns,
    AskEndTurn,
    AskGo,
    AskPrepare,
    AskPrepareTurns,
    AskWarmUp,
    AskWarmUpTurns,
    Collected,
    Done,
    TurnsCollected,
    TurnTaken,
    Warmed,
)
from bench.model import LoadResult, LoadSpec, Turn, WarmUp

_NO_CERTIFICATES = {"SSL_CERT_FILE": os.devnull, "SSL_CERT_DIR": os.devnull}
"""aiohttp reads all that the system trusts as soon as it is loaded: a fifth of its time, and the
generator speaks no TLS."""


class Generator:
    """Owns one generator process, from `with` to its end.

    The process is killed when the thread that started it ends, so start it from the main thread.
    """

    def __init__(self, cpus: Sequence[int]) -> None:
        self._cpus = tuple(cpus)

    def __enter__(self) -> Self:
        self._talk = ProcessChannel(
            process.command("bench.load", str(os.getpid()), process.list_cpus(self._cpus)),
            {**process.environment(), **_NO_CERTIFICATES},
            tempfile.TemporaryFile(),
        )
        try:
            self._talk.expect(Done)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process. It holds nothing that would be lost."""
        self._talk.close()

    @property
    def pid(self) -> int:
        return self._talk.pid

    def warm_up(self, spec: LoadSpec, min_s: float, max_s: float) -> WarmUp:
        """Send this load until its rate is steady, between `min_s` and `max_s` long.

        It draws with a seed of its own. It uses up ids like a window does: give it others than
        the window's where each works only once.
        """
        self._talk.ask(AskWarmUp(spec, min_s, max_s))
        return self._talk.expect(Warmed).warm_up

    def prepare(self, spec: LoadSpec) -> None:
        """Make everything ready for `go`."""
        self._talk.ask(AskPrepare(spec))
        self._talk.expect(Done)

    def go(self, on_progress: OnProgress = ignore) -> None:
        """Run the prepared window. Returns when its last byte has arrived."""
        self._talk.ask(AskGo())
        self._talk.expect(Done, on_progress)

    def collect(self) -> LoadResult:
        """What the latest window saw."""
        self._talk.ask(AskCollect())
        return self._talk.expect(Collected).result

    def prepare_turns(self, specs: Mapping[str, LoadSpec]) -> None:
        """Make windows that take turns ready, by target. What was prepared before is dropped."""
        self._talk.ask(AskPrepareTurns(specs))
        self._talk.expect(Done)

    def warm_up_turns(self, target: str, min_s: float, max_s: float) -> WarmUp:
        """Ask one target until its rate is steady, between `min_s` and `max_s` long."""
        self._talk.ask(AskWarmUpTurns(target, min_s, max_s))
        return self._talk.expect(Warmed).warm_up

    def begin_turn(self, target: str) -> None:
        """Ask one target, until its turn is ended. Returns as soon as it has begun."""
        self._talk.ask(AskBeginTurn(target))
        self._talk.expect(Done)

    def end_turn(self, target: str, from_s: float, to_s: float) -> Turn:
        """Ask nothing new. Returns when the last byte has arrived.

        Counted is what was answered between two moments of `time.monotonic()`.
        """
        self._talk.ask(AskEndTurn(target, from_s, to_s))
        return self._talk.expect(TurnTaken).turn

    def collect_turns(self) -> Mapping[str, LoadResult]:
        """What all turns of each target saw."""
        self._talk.ask(AskCollectTurns())
        return self._talk.expect(TurnsCollected).results
