"""Whether a unit's port is free, and who holds it otherwise."""

import socket
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import psutil

from bench.errors import PortTaken
from bench.kernel.ports import ports_for_clients
from bench.model import Unit

_MOVE = "move all of the lab's ports as a block: PORT_OFFSET=1000"
_CLOSED = (psutil.CONN_TIME_WAIT, psutil.CONN_CLOSE)


def require_free_port(unit: Unit) -> None:
    """Raises PortTaken with the holder's name and the remedy.

    A port may be held by a server, and by a client: the kernel gives any free port of a range to
    whoever connects to somewhere, and keeps it for a minute after the connection is closed.
    """
    holders = list(_holders(unit.port))
    for holder in holders:
        if holder.status == psutil.CONN_LISTEN:
            raise PortTaken(
                f"port {unit.port}, which {unit.name} needs, is taken by {_who(holder.pid)}",
                f"Stop that process, or {_MOVE}.",
            )
    if is_free(unit.port, unit.host):
        return
    told = ", ".join(dict.fromkeys(map(_connection, holders))) or "somebody who cannot be seen"
    first, last = ports_for_clients() or (0, 0)
    why = f"The kernel gives clients ports from {first} to {last}; " if first else ""
    reserve = f"sudo sysctl net.ipv4.ip_local_reserved_ports={unit.port}"
    raise PortTaken(
        f"port {unit.port}, which {unit.name} needs, is held by {told}",
        f"It is free again when that has ended, a closed connection's within a minute; or {_MOVE}. "
        f"{why}this keeps it for servers: {reserve}",
    )


def _holders(port: int) -> Iterator[Any]:
    """Sockets whose own port it is. psutil's connections have no public type."""
    for connection in psutil.net_connections(kind="tcp"):
        if connection.laddr and connection.laddr.port == port:
            yield connection


def _who(pid: int | None) -> str:
    if pid:
        with suppress(psutil.Error):
            return f"pid {pid} ({' '.join(psutil.Process(pid).cmdline())[:80]})"
    return "another user's process"


def _connection(holder: Any) -> str:
    there = f" to {holder.raddr.ip}:{holder.raddr.port}" if holder.raddr else ""
    if holder.status in _CLOSED:
        return f"a connection{there} that was closed a moment ago"
    return f"a connection{there} of {_who(holder.pid)}"


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen on this port of an address of this machine now."""
    with socket.socket() as probe:
        # As a server would: a port that only waits for late packets of its own counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True
