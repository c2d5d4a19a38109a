"""Whether a unit's port is free, and who holds it otherwise."""

import socket
from contextlib import suppress

import psutil

from bench.errors import PortTaken
from bench.model import Unit


def require_free_port(unit: Unit) -> None:
    """Raises PortTaken with the holder's name and the remedy."""
    holders = [
        connection.pid
        for connection in psutil.net_connections(kind="tcp")
        if connection.status == psutil.CONN_LISTEN
        and connection.laddr
        and connection.laddr.port == unit.port
    ]
    if not holders:
        return
    who = "another user's process"
    if holders[0]:
        with suppress(psutil.Error):
            who = f"pid {holders[0]} ({' '.join(psutil.Process(holders[0]).cmdline())[:80]})"
    raise PortTaken(
        f"port {unit.port}, which {unit.name} needs, is taken by {who}",
        "Stop that process, or move all of the lab's ports as a block: PORT_OFFSET=1000.",
    )


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of 127.0.0.1 now."""
    with socket.socket() as probe:
        # As a server would: a port that only waits for late packets counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
