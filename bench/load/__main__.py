"""The generator process, as `Generator` starts it: `python -m bench.load PARENT_PID CPU,CPU,...`"""

import os
import signal
import sys

from bench.load import process


def main() -> None:
    """Serve the lab until standard input ends: arguments are the parent's pid and the CPUs."""
    # Ctrl-C is for the parent, which ends this process in its own time.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    process.settle(int(sys.argv[1]), sys.argv[2])
    # Answers keep their own channel: whatever else prints goes to standard error.
    answers = os.dup(1)
    os.dup2(2, 1)
    # Imported only now, so that threads which libraries start are pinned too.
    from bench.load.worker import run

    run(lambda line: process.write_all(answers, line))


if __name__ == "__main__":
    main()
