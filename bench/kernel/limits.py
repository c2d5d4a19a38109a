"""What one process may use (getrlimit(2)): a soft limit holds, up to a hard one that root has set.

Soft limits are a shell's habit, from `ulimit` or a distribution's default of 1,024 files, and what
runs into one looks like a service that fails. So the lab raises its own, which all that it starts
inherits, and asks what runs how much it may.
"""

import resource
from contextlib import suppress
from pathlib import Path

from bench.kernel.process import PROC
from bench.kernel.tree import REAL, KernelTree

RAISED = ("NOFILE", "NPROC", "CPU", "FSIZE", "AS", "DATA", "SIGPENDING")
"""All but the stack's, which would give every thread another size, and that of core dumps."""


def raise_soft_limits() -> None:
    """Up to the hard limits, for this process and all that it starts from now on."""
    for name in RAISED:
        which = getattr(resource, f"RLIMIT_{name}")
        _, hard = resource.getrlimit(which)
        # A kernel may have a ceiling below the hard limit: then what was, holds.
        with suppress(OSError, ValueError):
            resource.setrlimit(which, (hard, hard))


def waiting_connections(tree: KernelTree = REAL) -> int | None:
    """How many connections may wait for a server to take them; None where the kernel does not say.

    A server asks for as many as it likes, and the kernel cuts that without a word.
    """
    return tree.number("/proc/sys/net/core/somaxconn")


def open_files(pid: int | str = "self", proc: str = PROC) -> int | None:
    """How many files, connections among them, a process may have open now.

    None where there is no limit, or none that can be seen.
    """
    with suppress(OSError):
        for line in Path(f"{proc}/{pid}/limits").read_text().splitlines():
            name, _, values = line.partition("  ")
            if name == "Max open files":
                soft = values.split()[0]
                return int(soft) if soft.isdecimal() else None
    return None
