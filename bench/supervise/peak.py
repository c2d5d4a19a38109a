"""The most memory that a process tree needed in a stretch of time.

The kernel keeps a high-water mark of each process's resident memory, and forgets it on request
(proc_pid_clear_refs(5), the value 5). It has none for PSS.
"""

import os
from contextlib import suppress

from bench.kernel.process import GONE, PROC, process_stat, process_status, size_bytes
from bench.supervise.proctree import descendants

_RESET_HIGH_WATER_MARK = b"5"


def reset_peaks(root: int) -> bool:
    """Begin anew for `root` and its descendants; False where the kernel or the user may not."""
    return all(_reset(pid, PROC) for pid in descendants(root))


def _reset(pid: int, proc: str) -> bool:
    """Begin anew for one process; True also when it has ended."""
    try:
        # Without O_CREAT: there is no such file where the kernel does not follow pages.
        descriptor = os.open(f"{proc}/{pid}/clear_refs", os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.write(descriptor, _RESET_HIGH_WATER_MARK)
        finally:
            os.close(descriptor)
    except GONE:
        return not _lives(pid, proc)
    except OSError:
        return False
    return True


def _lives(pid: int, proc: str) -> bool:
    with suppress(*GONE):
        return process_stat(pid, proc).pid == pid
    return False


def fallen_since_peak_bytes(root: int) -> int:
    """By how much the tree's processes have shrunk since each was largest, added up.

    Memory in use now and this make an upper bound of the tree's peak: its processes need not have
    been largest at the same moment. Pages that are shared stay mapped and do not count. A process
    that has ended in the meantime is missing.
    """
    total = 0
    for pid in descendants(root):
        with suppress(*GONE):
            status = process_status(pid)
            if "VmHWM" in status:  # one that is just ending has no memory any more
                total += max(0, size_bytes(status, "VmHWM") - size_bytes(status, "VmRSS"))
    return total
