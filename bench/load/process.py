"""How the package starts processes of its own: pinned, and never outliving their parent."""

import ctypes
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import bench
from bench.environment import ONE_THREAD, composed, lab_variables

_PR_SET_PDEATHSIG = 1


def command(module: str, *arguments: str) -> list[str]:
    """The command that runs a module of this package in the lab's own Python."""
    # Neither the folder where the lab was called nor the user's own packages are looked into.
    return [sys.executable, "-P", "-s", "-m", module, *arguments]


def environment() -> dict[str, str]:
    """The environment in which a child finds this package wherever the lab was started."""
    return composed(
        **lab_variables(),
        PYTHONPATH=str(Path(bench.__file__).parents[1]),
        **ONE_THREAD,
    )


def list_cpus(cpus: Sequence[int]) -> str:
    """CPUs as `settle` takes them."""
    return ",".join(str(cpu) for cpu in cpus)


def settle(parent_pid: int, cpus: str) -> None:
    """In the child, first of all: stay on `cpus`, and end when the parent does.

    Threads that libraries start inherit the CPUs, so call this before importing any.
    """
    end_with_parent()
    if os.getppid() != parent_pid:
        sys.exit("the parent has already ended")
    os.sched_setaffinity(0, {int(cpu) for cpu in cpus.split(",")})


def end_with_parent() -> None:
    """The kernel kills this process when its parent ends, however that happens.

    Raises OSError where the kernel refuses to.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def write_all(descriptor: int, data: bytes) -> None:
    """Write all of it, which a pipe may take in parts. Raises OSError."""
    while data:
        data = data[os.write(descriptor, data) :]
