"""The lab's side of a conversation with a process of its own that makes load.

One command, one reply; while a window runs, any number of ticks come before it.
"""

import os
import select
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from typing import IO

from bench.errors import GeneratorFailed, RateRefused
from bench.load.wire import (
    EngineCommand,
    EngineReply,
    Refused,
    Tick,
    TooFast,
    encode_command,
    parse_reply,
)
from bench.model import Progress

SILENCE_S = 60.0
"""A process that is alive says something every half second of a window."""

_TAIL_BYTES = 2000

OnProgress = Callable[[Progress], None]


def ignore(progress: Progress) -> None:
    """For those who do not want to know."""


class ProcessChannel:
    """Owns one process. What it writes to standard error goes to `errors`, which is readable.

    The process is killed when the thread that started it ends, so start it from the main thread.
    """

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], errors: IO[bytes]
    ) -> None:
        self._errors = errors
        self._unread = b""
        self._process = subprocess.Popen(
            command,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            bufsize=0,
            # Out of the terminal's foreground group: Ctrl-C does not reach it.
            process_group=0,
        )

    @property
    def pid(self) -> int:
        """The process that the lab talks with."""
        return self._process.pid

    def ask(self, command: EngineCommand) -> None:
        """Send a command. Raises GeneratorFailed when the process has ended."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(encode_command(command))
        except BrokenPipeError:
            raise self._failed("The load generator has ended") from None

    def expect[A: EngineReply](self, wanted: type[A], on_progress: OnProgress = ignore) -> A:
        """The next reply that is no tick, if it is the one wanted; ticks go to `on_progress`.

        Raises RateRefused when the rate is too high, GeneratorFailed for any other reply, for
        silence, and when the process has ended.
        """
        while True:
            line = self._read_line()
            try:
                reply = parse_reply(line)
            except ValueError:
                raise self._failed(f"The load generator said {line[:200]!r}") from None
            if isinstance(reply, wanted):
                return reply
            if isinstance(reply, TooFast):
                raise RateRefused(
                    f"the load generator cannot keep this rate: it was {reply.why}",
                    "Lower RATE, or give the generator a core of its own.",
                )
            if isinstance(reply, Refused):
                raise self._failed(f"The load generator refused: {reply.why}")
            if not isinstance(reply, Tick):
                raise self._failed(f"The load generator answered {reply.kind!r} out of turn")
            on_progress(reply.progress)

    def _read_line(self) -> bytes:
        assert self._process.stdout is not None
        while b"\n" not in self._unread:
            ready, _, _ = select.select([self._process.stdout], [], [], SILENCE_S)
            if not ready:
                raise self._failed(f"The load generator was silent for {SILENCE_S:.0f} s")
            data = os.read(self._process.stdout.fileno(), 65536)
            if not data:
                raise self._failed("The load generator ended unexpectedly")
            self._unread += data
        line, _, self._unread = self._unread.partition(b"\n")
        return line

    def await_end(self) -> int:
        """The exit code of a process that has said all it had to say."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            return self._process.wait(SILENCE_S)
        except subprocess.TimeoutExpired:
            raise self._failed(f"The load generator did not end within {SILENCE_S:.0f} s") from None

    def close(self) -> None:
        """End the process and whatever it has started. It holds nothing that would be lost."""
        # Its group lives as long as any of them does, and no longer: the number is still theirs.
        if self._process.returncode is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for channel in (self._process.stdin, self._process.stdout, self._errors):
            if channel is not None:
                channel.close()

    def _failed(self, what: str) -> GeneratorFailed:
        self._errors.seek(max(0, self._errors.seek(0, os.SEEK_END) - _TAIL_BYTES))
        tail = self._errors.read().decode(errors="replace").strip()
        return GeneratorFailed(what, f"Its last words were:\n{tail}" if tail else "")
