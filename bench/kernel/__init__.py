"""What the kernel writes into /proc, /sys and its cgroups, read the same way everywhere.

tree     its files below a root: the real ones, or a copy in a test
process  a process: its status, its children, its memory
life     one life of a process id
limits   what a process may use
cgroup   where a process's cgroups are mounted, in version 1, version 2 and both at once
ports    which ports clients are given
sockets  who is connected to a server
events   what the processor counts of processes, where it is shown

Two rules. A line is found by its name and a field by its documented number, never by where it
happened to stand on one kernel. And what a kernel does not tell is not known: it is None or absent,
never zero. `tests/unit/kernels` has what kernels from 5.10 on wrote; every reader is tried on all.
"""

from bench.kernel.tree import CPUS, REAL, KernelTree, Setting

__all__ = ["CPUS", "REAL", "KernelTree", "Setting"]
