"""Burns a known amount of CPU: `python -m bench.experiment.selftest.burner PARENT_PID CPU,CPU,...`

It says when it is ready, waits for a line, and burns in every way that could be overlooked: in
this process, in threads that end, in a child that ends and in one that lives on. Then it says how
many CPU seconds that were by each process's own clock, and stays until its standard input ends.
"""

import os
import sys
import threading
import time
from collections.abc import Callable

from bench.load import process

OWN_S = 0.3
THREAD_S = 0.2
CHILD_S = 0.4


def burn(seconds: float, clock: Callable[[], float]) -> None:
    """Use CPU until `clock` has moved on by so many seconds: CPU seconds, if it tells these."""
    end_s = clock() + seconds
    while clock() < end_s:
        pass


def forked(linger: int | None = None) -> tuple[int, float]:
    """Burn in a child; its pid and what it has burnt.

    The child ends at once, or stays until `linger`, a pipe, is closed.
    """
    receiving, telling = os.pipe()
    pid = os.fork()
    if pid == 0:
        burn(CHILD_S, time.process_time)
        os.write(telling, repr(time.process_time()).encode())
        if linger is not None:
            os.close(telling)
            os.read(linger, 1)
        os._exit(0)
    os.close(telling)
    burnt_s = float(os.read(receiving, 100))
    os.close(receiving)
    return pid, burnt_s


def burn_everywhere(linger: int) -> float:
    """Seconds burnt in this process, its threads and its two children."""
    began_s = time.process_time()
    ended, ended_s = forked()
    os.waitpid(ended, 0)
    _living, living_s = forked(linger)
    threads = [threading.Thread(target=burn, args=(THREAD_S, time.thread_time)) for _ in range(2)]
    for thread in threads:
        thread.start()
    burn(OWN_S, time.thread_time)
    for thread in threads:
        thread.join()
    return time.process_time() - began_s + ended_s + living_s


def main() -> None:
    """Burn when a line arrives on standard input, and print what was burnt, in CPU seconds."""
    process.settle(int(sys.argv[1]), sys.argv[2])
    linger, held = os.pipe()
    # A child's copy of the writing end would keep it from seeing that this process has ended.
    os.register_at_fork(after_in_child=lambda: os.close(held))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    sys.stdout.write(f"{burn_everywhere(linger)!r}\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
