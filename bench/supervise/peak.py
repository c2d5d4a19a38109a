"""The most memory that a process tree needed in a stretch of time.

The kernel keeps a high-water mark of each process's resident memory, and forgets it on request
(proc_pid_clear_refs(5), the value 5). It has none for PSS.
"""

from contextlib import suppress
from pathlib import Path

from bench.procstatus import process_status, size_bytes
from bench.supervise.proctree import descendants

_RESET_HIGH_WATER_MARK = "5"
_GONE = (ProcessLookupError, FileNotFoundError)


def reset_peaks(root: int) -> bool:
    """Begin anew for `root` and its descendants; False where the kernel or the user may not."""
    for pid in descendants(root):
        try:
            with suppress(*_GONE):
                Path(f"/proc/{pid}/clear_refs").write_text(_RESET_HIGH_WATER_MARK)
        except OSError:
            return False
    return True


def fallen_since_peak_bytes(root: int) -> int:
    """By how much the tree's processes have shrunk since each was largest, added up.

    Memory in use now and this make an upper bound of the tree's peak: its processes need not have
    been largest at the same moment. Pages that are shared stay mapped and do not count. A process
    that has ended in the meantime is missing.
    """
    total = 0
    for pid in descendants(root):
        with suppress(*_GONE):
            status = process_status(pid)
            if "VmHWM" in status:  # one that is just ending has no memory any more
                total += max(0, size_bytes(status, "VmHWM") - size_bytes(status, "VmRSS"))
    return total
