"""Who is connected to a server: the connections of this machine, as the kernel lists them.

Fields have the places that proc(5) gives `/proc/net/tcp`; a state is a number in hexadecimal.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bench.kernel.process import PROC
from bench.kernel.tree import REAL, KernelTree

_TABLES = ("/proc/net/tcp", "/proc/net/tcp6")
_ESTABLISHED = 1


@dataclass(frozen=True)
class Socket:
    """One end of an established connection: its port, the other end's, and its inode."""

    port: int
    other_port: int
    inode: int


def established(tree: KernelTree = REAL) -> Iterator[Socket]:
    """Every end that is on this machine; nothing where the kernel does not list them."""
    for table in _TABLES:
        for line in tree.read(table).splitlines()[1:]:
            fields = line.split()
            if int(fields[3], 16) == _ESTABLISHED:
                yield Socket(_port(fields[1]), _port(fields[2]), int(fields[9]))


def _port(address: str) -> int:
    return int(address.rpartition(":")[2], 16)


def sockets_of(pids: Iterable[int], proc: str = PROC) -> set[int]:
    """The inodes of all sockets that these processes have open, as far as they may be seen."""
    found = set()
    for pid in pids:
        with suppress(OSError):
            for file in Path(f"{proc}/{pid}/fd").iterdir():
                with suppress(OSError):  # closed meanwhile
                    kind, _, inode = str(file.readlink()).partition(":[")
                    if kind == "socket":
                        found.add(int(inode.removesuffix("]")))
    return found


def other_clients(port: int, pids: Iterable[int], tree: KernelTree = REAL, proc: str = PROC) -> int:
    """How many connections to a server's port there are beside those of these processes."""
    ends = list(established(tree))
    own = sockets_of(pids, proc)
    at_server = sum(end.port == port for end in ends)
    mine = sum(end.other_port == port and end.inode in own for end in ends)
    return max(0, at_server - mine)
