"""Events that are counted of processes, and the sentences where they are not."""

import errno
import os
import subprocess
import sys
import time

import pytest

from bench.kernel import events
from bench.kernel.events import EventsRefusedError, counting
from bench.kernel.process import threads_of

CLOCK = {"task-clock": (1, 1)}
"""A software event, which every kernel with perf events has: nanoseconds of CPU time."""

BUSY = """
import threading
def burn():
    while True:
        pass
for _ in range(2):
    threading.Thread(target=burn).start()
"""


def shows_events() -> bool:
    try:
        with counting([os.getpid()], CLOCK):
            return True
    except EventsRefusedError:
        return False


@pytest.mark.skipif(not shows_events(), reason="this kernel shows no perf events")
def test_the_events_of_all_threads_are_counted() -> None:
    """Of those that there are and those that come: their CPU time, as the kernel's clock has it."""
    process = subprocess.Popen([sys.executable, "-I", "-c", BUSY])
    try:
        while len(threads_of(process.pid)) < 3:
            time.sleep(0.01)
        with counting([process.pid], CLOCK) as so_far:
            before_s, counted_before = clock_s(process.pid), so_far().counts["task-clock"]
            time.sleep(0.5)
            used_s = clock_s(process.pid) - before_s
            counted_s = (so_far().counts["task-clock"] - counted_before) / 1e9
    finally:
        process.kill()
        process.wait()
    assert used_s > 0
    # The clock has ticks of 10 ms, a count has none; both are read within moments.
    assert counted_s == pytest.approx(used_s, rel=0.2, abs=0.1)


def clock_s(pid: int) -> float:
    return time.clock_gettime(~pid << 3 | 2)  # the process's CPU clock: clock_getcpuclockid(3)


def refusing(number: int, monkeypatch: pytest.MonkeyPatch, *, only_kernel: bool = False) -> None:
    def refuse(_kind: int, _config: int, _thread: int, flags: int) -> int:
        if only_kernel and flags:
            return os.open("/dev/null", os.O_RDONLY)
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(events, "_open", refuse)


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (errno.ENOENT, "no hardware counters"),
        (errno.EOPNOTSUPP, "no hardware counters"),
        (errno.ENOSYS, "no perf events"),
        (errno.EACCES, "perf_event_paranoid"),
        (errno.EPERM, "CAP_PERFMON"),
        (errno.EMFILE, "Too many open files"),
    ],
)
def test_what_is_refused_is_told(number: int, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without counters, a kernel without events, a user who may not."""
    refusing(number, monkeypatch)
    with pytest.raises(EventsRefusedError, match=told), counting([os.getpid()]):
        pass


def test_without_the_kernels_part_where_that_alone_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An ordinary user gets what runs in user space, and it is said."""
    refusing(errno.EACCES, monkeypatch, only_kernel=True)
    monkeypatch.setattr(events, "_read", lambda _file: 7.0)
    with counting([os.getpid()]) as so_far:
        found = so_far()
    assert found.user_only
    assert found.counts == {name: 7.0 * len(threads_of(os.getpid())) for name in events.HARDWARE}


def test_a_count_is_made_whole_where_counters_were_shared() -> None:
    """Half of the time on a counter, half of the events."""
    reading, writing = os.pipe()
    os.write(writing, b"".join(n.to_bytes(8, sys.byteorder) for n in (100, 2000, 1000)))
    assert events._read(reading) == 200.0
    for file in (reading, writing):
        os.close(file)


def test_a_process_that_has_ended_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its threads are gone; there is nothing to count."""
    refusing(errno.ESRCH, monkeypatch)
    with counting([os.getpid(), 2**22 + 1]) as so_far:
        assert so_far().counts == dict.fromkeys(events.HARDWARE, 0)
