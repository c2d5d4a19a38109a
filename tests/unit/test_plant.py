"""The planted slowdown: the share that it promises, wherever the CPU is used, and nothing else."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.experiment.selftest.twins import PLANT


def python(code: str, folders: tuple[Path, ...] = (PLANT,), **environment: str) -> str:
    """What a program prints that finds these folders on its path."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        env={"PYTHONPATH": os.pathsep.join(map(str, folders)), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


BUSY = """
import os, threading, time

class Work(threading.Thread):
    used_s = 0.0

    def run(self):
        while self.used_s < 0.3:
            sum(range(100))
            self.used_s = time.thread_time()

def tell():
    time.sleep(0.1)  # what is owed for the start is paid
    began_s, began_here_s = time.process_time(), time.thread_time()
    workers = [Work(), Work()]
    [worker.start() for worker in workers]
    [worker.join() for worker in workers]

    def share():
        useful_s = time.thread_time() - began_here_s + sum(worker.used_s for worker in workers)
        return (time.process_time() - began_s) / useful_s - 1

    deadline = time.monotonic() + 60
    while share() < 0.09 and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.1)  # it would go on, if it burnt more than it owes
    print(share(), flush=True)

tell()
if os.fork() == 0:
    tell()
    print(threading.active_count(), flush=True)
    os._exit(0)
os.wait()
print(threading.active_count())
"""


def test_the_planted_share_is_exact_in_a_process_with_threads_and_in_its_child() -> None:
    """By the clocks of those who used the CPU, wherever they ran. What has forked burns no more."""
    parent, child, threads_of_child, threads_of_parent = python(
        BUSY, ONECORE_PLANT="0.10"
    ).splitlines()
    assert float(parent) == pytest.approx(0.10, abs=0.01)
    assert float(child) == pytest.approx(0.10, abs=0.01)
    assert (threads_of_parent, threads_of_child) == ("1", "2")


def test_without_its_variable_nothing_is_planted() -> None:
    """A process that was not asked to be slow has no thread for it."""
    assert python("import threading; print(threading.active_count())") == "1\n"


@pytest.mark.parametrize("environment", [{}, {"ONECORE_PLANT": "0.10"}])
def test_a_sitecustomize_that_is_there_still_runs(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    """The plant hides no other start-up file of the environment."""
    (tmp_path / "sitecustomize.py").write_text("print('set up')")
    assert python("print('then')", (PLANT, tmp_path), **environment) == "set up\nthen\n"
