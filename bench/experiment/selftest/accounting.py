"""CPU accounting against processes that burn a known amount."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO

from bench.analysis.selftest import SelftestCheck, judge_accounting
from bench.errors import LabError
from bench.kernel.process import TICK_S
from bench.load import process
from bench.supervise.proctree import tree_usage


def check_accounting(cpus: Sequence[int]) -> SelftestCheck:
    """Raises LabError when the burning program does not run."""
    with _burner(cpus) as burner:
        _line(burner)
        before_s = tree_usage(burner.pid).cpu_s
        _say(burner, b"go\n")
        burnt_s = float(_line(burner))
        counted_s = tree_usage(burner.pid).cpu_s - before_s
    return judge_accounting(burnt_s, counted_s, TICK_S)


@contextmanager
def _burner(cpus: Sequence[int]) -> Iterator[subprocess.Popen[bytes]]:
    arguments = (str(os.getpid()), process.list_cpus(cpus))
    burner = subprocess.Popen(
        process.command("bench.experiment.selftest.burner", *arguments),
        env=process.environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        process_group=0,  # Ctrl-C is for the lab, which ends it
    )
    try:
        yield burner
    finally:
        # Its child sees that it has ended, and ends too.
        burner.kill()
        burner.wait()
        for channel in (burner.stdin, burner.stdout):
            _stream(channel).close()


def _line(burner: subprocess.Popen[bytes]) -> bytes:
    line = _stream(burner.stdout).readline()
    if not line:
        raise LabError("the program that burns CPU ended unexpectedly")
    return line


def _say(burner: subprocess.Popen[bytes], words: bytes) -> None:
    stream = _stream(burner.stdin)
    stream.write(words)
    stream.flush()


def _stream(channel: IO[bytes] | None) -> IO[bytes]:
    assert channel is not None
    return channel
