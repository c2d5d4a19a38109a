"""The generator process, as `Generator` starts it: `python -m bench.load PARENT_PID CPU,CPU,...`"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def _end_with(parent_pid: int) -> None:
    """Have the kernel kill this process when its parent ends, however that happens."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
    if os.getppid() != parent_pid:
        sys.exit("the parent has already ended")


def main() -> None:
    # Ctrl-C goes to the parent, which ends this process in its own time.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent_pid, cpus = int(sys.argv[1]), sys.argv[2]
    _end_with(parent_pid)
    os.sched_setaffinity(0, {int(cpu) for cpu in cpus.split(",")})
    # Answers keep their own channel: whatever else prints goes to standard error.
    answers = os.dup(1)
    os.dup2(2, 1)
    # Imported only now, so that threads which libraries start are pinned too.
    from bench.load.worker import run

    run(lambda line: _write_all(answers, line))


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


if __name__ == "__main__":
    main()
