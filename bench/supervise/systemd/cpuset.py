"""The CPUs that systemd lets its units use until the next restart, and the kernel's controller of
them (cpuset), which is there as long as a loaded unit names its CPUs.

The controller must outlast a CPU that is offline. If the last unit that names its CPUs ends
meanwhile, systemd gives the controller up, and every process of the machine keeps the CPUs of that
moment: the kernel gives one that comes back only to cgroups that have the controller. Seen with
Linux 6.12 and systemd 257, after siblings went offline while services ran.
"""

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from bench.kernel import CPUS, REAL, KernelTree
from bench.kernel.cgroup import MOUNT
from bench.placement import format_cpulist
from bench.supervise.systemd.manager import Manager

LAB_SLICE = "onecore_lab.slice"
"""What confines nobody: the lab runs there beside confined ones, and it keeps the controller. Not
the units' own slice, which is stopped with the last of them."""

_CONTROL = ("/run/systemd/system.control", "/run/systemd/transient")
_DROP_IN = "50-AllowedCPUs.conf"


def present_cpus(tree: KernelTree = REAL) -> tuple[int, ...]:
    """Every CPU that the machine has, online or not."""
    return tree.cpus(f"{CPUS}/present")


def offline_cpus(tree: KernelTree = REAL) -> tuple[int, ...]:
    """The CPUs that the machine has and that are offline, as siblings are after tune."""
    return tuple(sorted(set(present_cpus(tree)) - set(tree.cpus(f"{CPUS}/online"))))


def keep_cpuset(manager: Manager, tree: KernelTree = REAL) -> None:
    """Keep the controller while a CPU is offline, and no longer.

    To be called before the last unit that names its CPUs may end, and when CPUs have come back. An
    ordinary user's manager has the controller from the machine's, which keeps it. Raises UnitFailed
    when systemd refuses.
    """
    if manager.scope != "system":
        return
    kept = has_drop_in(LAB_SLICE, tree)
    if offline_cpus(tree):
        if not kept:
            allow_cpus(manager, LAB_SLICE, format_cpulist(present_cpus(tree)))
            manager.tell("start", LAB_SLICE)
        return
    if kept:
        let_go(manager, LAB_SLICE, tree)
    if "populated 0" in tree.read(f"{MOUNT}/{LAB_SLICE}/cgroup.events"):
        manager.ask("stop", LAB_SLICE)


def allow_cpus(manager: Manager, unit: str, cpus: str) -> None:
    """Confine a unit to a list of CPUs. Raises UnitFailed when systemd refuses."""
    manager.tell("set-property", "--runtime", unit, f"AllowedCPUs={cpus}")


def has_drop_in(unit: str, tree: KernelTree = REAL) -> bool:
    """Whether something confines a unit of that name until the next restart."""
    return any(file.exists() for file in _drop_ins(unit, tree))


def let_go(manager: Manager, unit: str, tree: KernelTree = REAL) -> None:
    """Take away what confines a unit of that name until the next restart. Raises UnitFailed."""
    for file in _drop_ins(unit, tree):
        file.unlink(missing_ok=True)
        with suppress(OSError):  # there is nothing, or something of others in it
            file.parent.rmdir()
    manager.tell("daemon-reload")


def _drop_ins(unit: str, tree: KernelTree) -> Iterable[Path]:
    """Where systemd keeps what it was told until the next restart."""
    return (tree.path(f"{folder}/{unit}.d/{_DROP_IN}") for folder in _CONTROL)
