"""What the processor itself counts of processes: instructions and cycles, by perf events.

Virtual machines and containers often have none, and a kernel may refuse them to an ordinary user:
then there is a sentence that says so, and nothing else depends on it (perf_event_open(2)).
"""

import ctypes
import errno
import os
import platform
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass

from bench.kernel.process import GONE, threads_of

HARDWARE: Mapping[str, tuple[int, int]] = {"cycles": (0, 0), "instructions": (0, 1)}
"""Events by name: (type, config) of perf_event_open."""

_CALLS = {"x86_64": 298, "aarch64": 241}
_SIZE = 112
_TIMES = 0b11
"""With each count, for how long it was enabled and for how long it ran."""

_INHERIT = 1 << 1
_WITHOUT_KERNEL = 1 << 5 | 1 << 6
_CLOSE_ON_EXEC = 8


@dataclass(frozen=True)
class Events:
    """Counts by name; with `user_only` the kernel's part is not among them."""

    counts: Mapping[str, float]
    user_only: bool = False


class EventsRefusedError(Exception):
    """Why events cannot be counted, as a sentence."""


@contextmanager
def counting(
    pids: Iterable[int], events: Mapping[str, tuple[int, int]] = HARDWARE
) -> Iterator[Callable[[], Events]]:
    """Count the events of all threads that these processes have now, and of those they start.

    What is given returns the counts so far. Raises EventsRefusedError.
    """
    threads = [thread for pid in pids for thread in _threads(pid)]
    with ExitStack() as opened:
        user_only = False
        try:
            files = _opened(opened, threads, events, 0)
        except PermissionError:
            user_only = True
            files = _opened(opened, threads, events, _WITHOUT_KERNEL)
        yield lambda: Events(
            {name: sum(map(_read, counters)) for name, counters in files.items()}, user_only
        )


def _threads(pid: int) -> list[int]:
    with suppress(*GONE):
        return threads_of(pid)
    return []


def _opened(
    stack: ExitStack, threads: list[int], events: Mapping[str, tuple[int, int]], flags: int
) -> Mapping[str, list[int]]:
    """The open files by event. Raises PermissionError only where less could be asked for."""
    files: dict[str, list[int]] = {name: [] for name in events}
    for name, (kind, config) in events.items():
        for thread in threads:
            try:
                file = _open(kind, config, thread, flags)
            except ProcessLookupError:
                continue
            except PermissionError:
                if not flags:
                    raise
                raise EventsRefusedError(
                    "this kernel does not let you count them: it takes root or CAP_PERFMON, or "
                    "sysctl kernel.perf_event_paranoid=2 for processes of your own"
                ) from None
            except OSError as error:
                raise EventsRefusedError(_why(error)) from None
            stack.callback(os.close, file)
            files[name].append(file)
    return files


def _why(error: OSError) -> str:
    if error.errno in (errno.ENOENT, errno.EOPNOTSUPP, errno.ENODEV):
        return "this machine shows no hardware counters, as most virtual machines do"
    if error.errno == errno.ENOSYS:
        return "this kernel has no perf events"
    return f"perf_event_open: {os.strerror(error.errno or 0)}"


def _open(kind: int, config: int, thread: int, flags: int) -> int:
    """The file of one event of a thread, wherever it runs. Raises OSError."""
    number = _CALLS.get(platform.machine())
    if number is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    fields = struct.pack("=IIQQQQQ", kind, _SIZE, config, 0, 0, _TIMES, _INHERIT | flags)
    attributes = ctypes.create_string_buffer(fields, _SIZE)
    library = ctypes.CDLL(None, use_errno=True)
    file = library.syscall(number, attributes, thread, -1, -1, _CLOSE_ON_EXEC)
    if file < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return int(file)


def _read(file: int) -> float:
    """A count, made whole where the processor had to share its counters among events."""
    value, enabled, ran = struct.unpack("=QQQ", os.read(file, 24))
    return value * enabled / ran if ran else float(value)
