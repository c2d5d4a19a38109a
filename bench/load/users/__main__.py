"""A process of Locust's, as `Swarm` starts it:

`python -m bench.load.users PARENT_PID CPU,CPU,... SPEC LOCUST_ARGUMENT...`

SPEC is a `LoadSpec` as JSON, or "-" for a worker, which learns all from its master.
"""

import os
import sys
from pathlib import Path

from bench.load import process


def main() -> None:
    """Run Locust for the lab: arguments are the parent's pid, CPUs, the load, and Locust's own."""
    parent_pid, cpus, spec, *arguments = sys.argv[1:]
    process.settle(int(parent_pid), cpus)
    # A fork does not inherit the wish to end with its parent: Locust's worker processes.
    os.register_at_fork(after_in_child=process.end_with_parent)
    # Answers and questions keep their own channels: whatever else prints goes to standard error,
    # and nothing reads the keyboard.
    answers, questions = os.dup(1), os.dup(0)
    os.dup2(2, 1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    # Locust obeys a locust.conf or pyproject.toml of the folder that it stands in.
    os.chdir(Path(__file__).parent)
    sys.argv = ["locust", *arguments]
    _run_locust(spec, answers, questions)


def _run_locust(spec: str, answers: int, questions: int) -> None:
    # Locust patches sockets and threads when it is imported, so it comes before everything else.
    from locust.main import main as locust_main  # isort: skip
    from gevent.fileobject import FileObject  # type: ignore[import-untyped]  # isort: skip

    from bench.load.users import telemetry
    from bench.load.wire import parse_spec

    if spec == "-":
        telemetry.install()
    else:
        channel = telemetry.Channel(
            FileObject(questions, "rb").readline, lambda line: process.write_all(answers, line)
        )
        telemetry.install(parse_spec(spec.encode()), channel)
    locust_main()


if __name__ == "__main__":
    main()
