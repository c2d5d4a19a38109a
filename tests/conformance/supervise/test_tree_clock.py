"""The CPU time of a process tree, as the sampler reads it: against processes that burn CPU time."""

import itertools
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from bench.supervise.proctree import TreeClock

BURN_S = 0.2
PATIENCE_S = 60
BURN = f"import time\nwhile time.process_time() < {BURN_S}: pass\n"
# Burns by itself, then has a child burn while it waits; says when the child has ended, and stays.
PARENT = f"""
import subprocess, sys, time
exec({BURN!r})
input()
subprocess.run([sys.executable, "-S", "-c", {BURN!r}], check=True)
print("ended", flush=True)
input()
"""


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.02)


@contextmanager
def parent() -> Iterator[tuple[subprocess.Popen[bytes], Callable[[], bytes]]]:
    """PARENT, and how to have its child burn, which returns what is said at that child's end."""
    with subprocess.Popen(
        [sys.executable, "-S", "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        stdin, stdout = process.stdin, process.stdout

        def burn() -> bytes:
            stdin.write(b"\n")
            stdin.flush()
            return stdout.readline()

        yield process, burn
        stdin.write(b"\n")


def test_children_count_while_they_run_and_when_they_have_ended() -> None:
    """What a child has used is in the sum once, and stays there; the sum never falls."""
    with parent() as (process, burn):
        clock = TreeClock(process.pid)
        seen = [clock.cpu_s()]

        def reaches(amount_s: float) -> bool:
            seen.append(clock.cpu_s())
            return seen[-1] >= amount_s

        eventually(lambda: reaches(BURN_S))
        assert burn() == b"ended\n"
        # An ended child is counted in ticks of 10 ms.
        eventually(lambda: reaches(2 * BURN_S - 0.02))
    assert max(seen) < 4 * BURN_S
    assert all(after >= before - 0.02 for before, after in itertools.pairwise(seen))


def test_a_child_counts_at_the_first_reading_after_its_start() -> None:
    """Noticed late, all that it had used until then would look as if it were used at once."""
    forking = (
        "import os, time\n"
        "input()\n"
        "if not os.fork():\n"
        "    while True: pass\n"
        "print('forked', flush=True)\n"
        "input()\n"
        "os.kill(0, 9)"
    )
    with subprocess.Popen(
        [sys.executable, "-S", "-c", forking],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        clock = TreeClock(process.pid)
        clock.cpu_s()
        process.stdin.write("\n")
        process.stdin.flush()
        assert process.stdout.readline() == "forked\n"
        before_s, began_s = clock.cpu_s(), time.monotonic()
        eventually(lambda: clock.cpu_s() > before_s)  # the child, already in the second reading
        readings = [(time.monotonic(), clock.cpu_s())]
        while time.monotonic() < began_s + 0.5:
            time.sleep(0.01)
            readings.append((time.monotonic(), clock.cpu_s()))
        assert readings[-1][1] > before_s
        for (at_s, used_s), (later_s, more_s) in itertools.pairwise(readings):
            assert more_s - used_s <= later_s - at_s + 0.05
        process.stdin.write("\n")


def test_a_tree_that_has_not_run_is_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """A frozen unit's processes cannot start others: to list them would cost CPU for nothing."""
    looks = 0
    look = TreeClock._look

    def counted(clock: TreeClock) -> None:
        nonlocal looks
        looks += 1
        look(clock)

    monkeypatch.setattr(TreeClock, "_look", counted)
    with parent() as (process, burn):
        clock = TreeClock(process.pid)
        eventually(lambda: clock.cpu_s() >= BURN_S)
        before_s = -1.0
        while clock.cpu_s() != before_s:  # until it waits for its input
            before_s = clock.cpu_s()
            time.sleep(0.1)
        for _ in range(2 * TreeClock.LOOK_EVERY):
            clock.cpu_s()
        settled = looks
        for _ in range(4 * TreeClock.LOOK_EVERY):
            clock.cpu_s()
        assert looks == settled
        assert burn() == b"ended\n"
        for _ in range(TreeClock.LOOK_EVERY):
            clock.cpu_s()
        assert looks > settled


def test_a_tree_that_has_ended_has_no_time() -> None:
    """Its pid may be another process's by now."""
    process = subprocess.Popen([sys.executable, "-S", "-c", "pass"])
    clock = TreeClock(process.pid)
    process.wait()
    with pytest.raises(ProcessLookupError):
        clock.cpu_s()
