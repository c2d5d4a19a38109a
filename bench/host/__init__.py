"""What this machine is and how it fares: read from the kernel, never changed.

cpus           topology, CPU time, clock and turbo settings, thermal events
neighbours     other processes and interrupts
memory         memory, swap, pressure
quota          CPU quota and throttling of a cgroup
counters       what must not move while a window is measured
spin           a fixed piece of work: how fast is this CPU just now?
machine_facts  all of it over a short time, for the check before a run
description    what is stored with a run
git            what git knows of a folder
"""

from bench.host.counters import WindowCounters, window_counters
from bench.host.cpus import CpuTotals, cpu_totals, topology
from bench.host.description import load_now, machine, source, store_path
from bench.host.machine_facts import MachineFacts, observe
from bench.host.neighbours import balances_interrupts
from bench.host.spin import Spin, spin
from bench.kernel import KernelTree, Setting

__all__ = [
    "CpuTotals",
    "KernelTree",
    "MachineFacts",
    "Setting",
    "Spin",
    "WindowCounters",
    "balances_interrupts",
    "cpu_totals",
    "load_now",
    "machine",
    "observe",
    "source",
    "spin",
    "store_path",
    "topology",
    "window_counters",
]
