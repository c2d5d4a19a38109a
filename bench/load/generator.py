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
import select
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from bench.errors import GeneratorFailed, RateRefused
from bench.load import process
from bench.load.wire import (
    Answer,
    AskCollect,
    AskGo,
    AskPrepare,
    AskWarmUp,
    Collected,
    Done,
    Question,
    Refused,
    Tick,
    TooFast,
    Warmed,
    parse_answer,
    question_line,
)
from bench.model import LoadResult, LoadSpec, Progress, WarmUp

_SILENCE_S = 60.0
"""A generator that is alive says something every half second of a window."""

_TAIL_BYTES = 2000


def _ignore(progress: Progress) -> None:
    pass


class Generator:
    """Owns one generator process, from `with` to its end.

    The process is killed when the thread that started it ends, so start it from the main thread.
    """

    def __init__(self, cpus: Sequence[int]) -> None:
        self._cpus = tuple(cpus)

    def __enter__(self) -> Self:
        self._errors = tempfile.TemporaryFile()
        self._unread = b""
        self._process = subprocess.Popen(
            process.command("bench.load", str(os.getpid()), process.list_cpus(self._cpus)),
            env=process.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            bufsize=0,
            # Out of the terminal's foreground group: Ctrl-C does not reach it.
            process_group=0,
        )
        try:
            self._expect(Done)
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
        self._process.kill()
        self._process.wait()
        for channel in (self._process.stdin, self._process.stdout, self._errors):
            if channel is not None:
                channel.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    def warm_up(self, spec: LoadSpec, min_s: float, max_s: float) -> WarmUp:
        """Send this load until its rate is steady, between `min_s` and `max_s` long.

        It draws with a seed of its own. It uses up ids like a window does: give it others than
        the window's where each works only once.
        """
        self._ask(AskWarmUp(spec, min_s, max_s))
        return self._expect(Warmed).warm_up

    def prepare(self, spec: LoadSpec) -> None:
        """Make everything ready for `go`."""
        self._ask(AskPrepare(spec))
        self._expect(Done)

    def go(self, on_progress: Callable[[Progress], None] = _ignore) -> None:
        """Run the prepared window. Returns when its last byte has arrived."""
        self._ask(AskGo())
        self._expect(Done, on_progress)

    def collect(self) -> LoadResult:
        """What the latest window saw."""
        self._ask(AskCollect())
        return self._expect(Collected).result

    def _ask(self, question: Question) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(question_line(question))
        except BrokenPipeError:
            raise self._failed("The load generator has ended") from None

    def _expect[A: Answer](
        self, wanted: type[A], on_progress: Callable[[Progress], None] = _ignore
    ) -> A:
        while True:
            line = self._read_line()
            try:
                answer = parse_answer(line)
            except ValueError:
                raise self._failed(f"The load generator said {line[:200]!r}") from None
            if isinstance(answer, wanted):
                return answer
            if isinstance(answer, TooFast):
                raise RateRefused(
                    f"the load generator cannot keep this rate: it was {answer.why}",
                    "Lower RATE, or give the generator a core of its own.",
                )
            if isinstance(answer, Refused):
                raise self._failed(f"The load generator refused: {answer.why}")
            if not isinstance(answer, Tick):
                raise self._failed(f"The load generator answered {answer.kind!r} out of turn")
            on_progress(answer.progress)

    def _read_line(self) -> bytes:
        assert self._process.stdout is not None
        while b"\n" not in self._unread:
            ready, _, _ = select.select([self._process.stdout], [], [], _SILENCE_S)
            if not ready:
                raise self._failed(f"The load generator was silent for {_SILENCE_S:.0f} s")
            data = os.read(self._process.stdout.fileno(), 65536)
            if not data:
                raise self._failed("The load generator ended unexpectedly")
            self._unread += data
        line, _, self._unread = self._unread.partition(b"\n")
        return line

    def _failed(self, what: str) -> GeneratorFailed:
        self._errors.seek(max(0, self._errors.seek(0, os.SEEK_END) - _TAIL_BYTES))
        tail = self._errors.read().decode(errors="replace").strip()
        return GeneratorFailed(what, f"Its last words were:\n{tail}" if tail else "")
