"""What all tests run in, before any of them loads anything."""

import os
import tempfile

import psutil

from bench.environment import ONE_THREAD

_IN_MEMORY = "/dev/shm"
_ENOUGH_BYTES = 3_000_000_000 * len(os.sched_getaffinity(0))
"""Free there. The two workers of a CPU take less than a third of its part."""


def _is_memory_enough() -> bool:
    """Whether programs and databases can lie in memory: much is free there, and may be executed."""
    try:
        found = os.statvfs(_IN_MEMORY)
    except OSError:
        return False
    is_open = os.access(_IN_MEMORY, os.W_OK) and not found.f_flag & os.ST_NOEXEC
    free_bytes = min(found.f_bavail * found.f_frsize, psutil.virtual_memory().available)
    return bool(is_open and free_bytes > _ENOUGH_BYTES)


# Numpy's others spin, and all CPUs have work.
os.environ.update(ONE_THREAD)

# Tests make and remove many thousand files, which costs a disk more than what is tested.
if "TMPDIR" not in os.environ and _is_memory_enough():
    os.environ["TMPDIR"] = _IN_MEMORY
    tempfile.tempdir = None  # where it has been looked for already
