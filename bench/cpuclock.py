"""CPU time of any process in seconds, to the nanosecond, from the kernel's own clock for it.

The clock counts all threads, those that have ended included. /proc/PID/stat counts ticks of 10 ms,
and /proc/PID/schedstat forgets threads that have ended.
"""

import time


def process_cpu_s(pid: int) -> float:
    """CPU seconds, user and system, that `pid` has used so far.

    Raises ProcessLookupError when there is no such process.
    """
    # The kernel's MAKE_PROCESS_CPUCLOCK(pid, CPUCLOCK_SCHED); clock_getcpuclockid(3) in C.
    clock = (~pid << 3) | 2
    try:
        return time.clock_gettime(clock)
    except OSError as error:  # EINVAL is how the kernel says that the pid is gone
        raise ProcessLookupError(f"no process {pid}") from error
