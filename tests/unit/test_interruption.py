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

signal.signal(signal.{signal}, signal.SIG_DFL)  # nohup, say, has those who run tests ignore it
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


TOGETHER = """
import os, signal, threading, time
from bench.experiment.interruption import TOGETHER_S, interruptible

interruptible()
heard = 0

def again():
    for _ in range(3):
        time.sleep(0.02)
        os.kill(os.getpid(), signal.{signal})

try:
    threading.Thread(target=again).start()
    time.sleep(60)
except KeyboardInterrupt:
    heard += 1
    time.sleep(0.2)  # cleaning up
    print("put away", flush=True)
try:
    time.sleep(TOGETHER_S)
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(60)
except KeyboardInterrupt:
    print("heard again")
"""


@pytest.mark.parametrize("signal", ["SIGINT", "SIGTERM"])
def test_interruptions_that_come_together_are_one(signal: str) -> None:
    """A second Ctrl-C 20 ms later must not interrupt what the first has begun to put away; a later
    one is heard."""
    assert said_by(TOGETHER.format(signal=signal)) == ["put away", "heard again"]
