"""Machines in text files: what their kernels wrote, and what is known about each from outside."""

import re
from dataclasses import dataclass
from pathlib import Path

from bench.kernel import KernelTree

FOLDER = Path(__file__).parent
GROUP = "/onecore.slice/onecore-drf.service"
_HEADING = re.compile(r"^==([>!-]) (/\S+) [<!-]==$", re.MULTILINE)


@dataclass(frozen=True)
class Machine:
    """What the virtual machine behind a file was told to be, so what readers have to find.

    `quota` is the CPU quota of the process's cgroup; `counted` says what its cgroup counts: nothing
    where no hierarchy is mounted.
    """

    name: str
    model: str = "QEMU TCG CPU version 2.5+"
    cpus: tuple[int, ...] = (0, 1, 2, 3)
    cores: tuple[tuple[int, ...], ...] = ((0,), (1,), (2,), (3,))
    isolated: tuple[int, ...] = ()
    quota: float | None = None
    counted: frozenset[str] = frozenset({"cpu", "memory", "peak", "pressure"})
    console: str = "ttyS0"


_THREADS = ((0, 1), (2, 3))
_V1 = frozenset({"cpu", "memory", "peak"})
_ARM = "ARM 0x41/0xd08 r0p3 (linux,dummy-virt)"
MACHINES = (
    Machine("5.10-x86-v1", quota=0.5, counted=_V1),
    Machine("6.1-x86-hybrid"),
    Machine("6.12-x86-v2", cores=_THREADS, isolated=(1, 2, 3)),
    Machine("6.18-x86-v2", cpus=(0, 1, 3), cores=((0, 1), (3,)), quota=0.5),
    Machine("7.3-x86-v2", cores=_THREADS, counted=_V1),
    Machine("5.10-arm64-hybrid", model=_ARM, console="uart-pl011"),
    Machine("6.1-arm64-v2", model=_ARM, console="uart-pl011"),
    Machine("6.12-arm64-v2", model=_ARM, counted=_V1, console="uart-pl011"),
    Machine(
        "6.18-arm64-v2",
        model="ARM 0x00/0x051 r0p0 (linux,dummy-virt)",
        cpus=(0, 1, 2),
        cores=((0,), (1,), (2,)),
        quota=0.5,
        console="uart-pl011",
    ),
    Machine(
        "7.3-arm64-none",
        model="ARM 0x00/0x051 r0p0 (linux,dummy-virt)",
        counted=frozenset(),
        console="uart-pl011",
    ),
)


@dataclass(frozen=True)
class Seen:
    """A machine below a folder: its process and that process's child."""

    machine: Machine
    tree: KernelTree
    pid: int
    child: int

    @property
    def proc(self) -> str:
        return str(self.tree.path("/proc"))


def expand(machine: Machine, root: Path, *parts: str) -> Seen:
    """Lay a machine's files out below `root`: all, or those whose names begin with some `parts`."""
    text = (FOLDER / f"{machine.name}.txt").read_text()
    words = _HEADING.split(text)[1:]
    for mark, name, body in zip(words[::3], words[1::3], words[2::3], strict=True):
        if not name.startswith(parts or "/"):
            continue
        path = root / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        if mark == "!":
            path.mkdir()  # what is opened for reading and cannot be read, even by root
            continue
        path.write_text(body.removeprefix("\n"))
        if mark == "-":
            path.chmod(0o444)
    first, second = sorted({int(pid) for pid in re.findall(r"/proc/(\d+)/stat ", text)})
    return Seen(machine, KernelTree(root), first, second)
