"""Whether a unit's port is free, and who holds it otherwise."""

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
