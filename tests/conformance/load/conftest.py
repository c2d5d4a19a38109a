"""Servers that the load generator is pointed at, good and bad."""

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator

import pytest

from bench.load.generator import Generator
from bench.load.nullserver import Behaviour, running

Behave = Callable[[socket.socket, int], bool]
"""Answers the n-th request on a connection; False when the connection is over."""


@pytest.fixture
def null_server(cpu: int) -> Iterator[str]:
    with running((cpu,), Behaviour(rows=200)) as base_url:
        yield base_url


@pytest.fixture(scope="module")
def lasting_server(cpu: int) -> Iterator[str]:
    """For tests that do not look at connections, which stay open from one test to the next."""
    with running((cpu,), Behaviour(rows=200)) as base_url:
        yield base_url


@pytest.fixture(scope="module")
def generator(cpu: int) -> Iterator[Generator]:
    with Generator((cpu,)) as started:
        yield started


class BadServer:
    """Reads requests without bodies, and does to each what it is told to."""

    def __init__(self, behave: Behave) -> None:
        self._behave = behave
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.base_url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.requests = 0
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            number = 0
            while connection.recv(65536):
                with self._lock:
                    self.requests += 1
                if not self._behave(connection, number):
                    return
                number += 1

    def close(self) -> None:
        self._listener.close()


@pytest.fixture
def bad_server() -> Iterator[Callable[[Behave], BadServer]]:
    started: list[BadServer] = []

    def start(behave: Behave) -> BadServer:
        started.append(BadServer(behave))
        return started[-1]

    yield start
    for server in started:
        server.close()


def answer(status: str, body: bytes) -> bytes:
    return b"HTTP/1.1 %b\r\nContent-Length: %d\r\n\r\n%b" % (status.encode(), len(body), body)


def reset(connection: socket.socket) -> bool:
    """Close so that the peer sees a reset instead of an end."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False
