"""Who is connected to a server, as the kernel lists it."""

import os
import socket
import subprocess
import sys
from pathlib import Path

from bench.analysis.diagnostics import others_connected
from bench.kernel.sockets import Socket, established, other_clients, sockets_of
from bench.kernel.tree import KernelTree

TABLE = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1388 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 10 1 0
   1: 0100007F:1388 0100007F:C000 01 00000000:00000000 02:00000000 00000000  1000        0 11 1 0
   2: 0100007F:C000 0100007F:1388 01 00000000:00000000 02:00000000 00000000  1000        0 12 1 0
   3: 0100007F:C001 0100007F:1388 06 00000000:00000000 03:00000000 00000000     0        0 0 3 0
"""
"""A listening socket, both ends of a connection, and one that was closed a moment ago."""


def test_both_ends_of_a_connection_are_found(tmp_path: Path) -> None:
    """What listens or was closed is none; a kernel without a table has none."""
    assert list(established(KernelTree(tmp_path))) == []
    (tmp_path / "proc/net").mkdir(parents=True)
    (tmp_path / "proc/net/tcp").write_text(TABLE)
    there = [Socket(5000, 49_152, 11), Socket(49_152, 5000, 12)]
    assert list(established(KernelTree(tmp_path))) == there


def test_connections_of_others_are_counted() -> None:
    """A process's own are its own, and so are its children's; what anybody else has open is not."""
    client = "import socket, sys; s = socket.create_connection(('127.0.0.1', int(sys.argv[1])))"
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
        port = str(address[1])
        assert other_clients(address[1], [os.getpid()]) == 0
        with (
            socket.create_connection(address) as mine,
            subprocess.Popen(
                [sys.executable, "-S", "-c", f"{client}; input()", port], stdin=subprocess.PIPE
            ) as other,
        ):
            accepted = [server.accept()[0] for _ in range(2)]
            assert mine.fileno() > 0
            assert len(sockets_of([os.getpid()])) >= 4
            assert other_clients(address[1], [os.getpid()]) == 1
            assert other_clients(address[1], [os.getpid(), other.pid]) == 0
            assert other_clients(address[1], []) == 2
            other.communicate(b"\n")
            for end in accepted:
                end.close()


def test_it_is_told() -> None:
    """With how many there were."""
    assert others_connected(0) == ()
    (found,) = others_connected(2)
    assert (found.code, found.severity) == ("other-clients", "doubt")
    assert "2 connections" in found.message
