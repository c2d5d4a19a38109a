"""Ctrl-C and its kin, in a process of their own."""

import subprocess
import sys

import pytest

LOST = """
import signal, time
from bench.experiment.interruption import interruptible

class Swallows:
    def __del__(self):
        signal.raise_signal(signal.{signal})

interruptible()
try:
    Swallows()
    print("it went on", flush=True)
    time.sleep(60)
    print("to its end")
except KeyboardInterrupt:
    print("interrupted")
"""

CLEANING_UP = """
import signal
from bench.experiment.interruption import interruptible, undisturbed

interruptible()
with undisturbed():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM):
        signal.raise_signal(number)
    print("all is put away")
"""


IGNORED = """
import signal
from bench.experiment.interruption import interruptible

signal.signal(signal.SIGHUP, signal.SIG_IGN)
interruptible()
signal.raise_signal(signal.SIGHUP)
print("it went on")
"""


def said_by(script: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    return done.stdout.splitlines()


@pytest.mark.parametrize("signal", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_an_interruption_is_not_lost_in_a_finalizer(signal: str) -> None:
    """Python swallows what a finalizer raises; the interruption comes again."""
    # Where the line before was cut short, the word stands behind it.
    assert said_by(LOST.format(signal=signal))[-1].endswith("interrupted")


def test_what_nohup_ignores_stays_ignored() -> None:
    """A long run that was started with nohup outlives its terminal."""
    assert said_by(IGNORED) == ["it went on"]


def test_cleaning_up_is_not_interrupted() -> None:
    """Whatever signal comes, nothing is left half undone."""
    assert said_by(CLEANING_UP) == ["all is put away"]
