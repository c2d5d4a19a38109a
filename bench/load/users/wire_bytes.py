"""Bytes and connections of FastHttpUser's client, counted at the socket.

Locust itself knows the length of bodies only.
"""

from dataclasses import dataclass
from typing import Any

import gevent.socket  # type: ignore[import-untyped]  # its types are a package of their own
from geventhttpclient.client import HTTPClient, HTTPClientPool
from geventhttpclient.connectionpool import ConnectionPool


@dataclass
class RequestTraffic:
    """Since it was last taken. One user has one request under way: it is that request's."""

    sent: int = 0
    received: int = 0
    opened: int = 0

    def take(self) -> tuple[int, int, int]:
        """Bytes sent, bytes received and connections opened since this was last taken."""
        taken = (self.sent, self.received, self.opened)
        self.sent = self.received = self.opened = 0
        return taken


class CountedPool(HTTPClientPool):
    """A user's connections: one at a time, kept alive."""

    def __init__(self, timeout_s: float) -> None:
        super().__init__(concurrency=1, connection_timeout=timeout_s, network_timeout=timeout_s)
        self.traffic = RequestTraffic()

    def get_client(self, url: Any) -> Any:
        """Locust's client, whose bytes and connections are counted."""
        client: HTTPClient = super().get_client(url)
        if not isinstance(client._connection_pool, _CountingPool):
            client._connection_pool = _CountingPool(client._connection_pool, self.traffic)
        return client


class _CountingPool(ConnectionPool):
    """The pool that a client has made for itself, with sockets that count."""

    def __init__(self, made: ConnectionPool, traffic: RequestTraffic) -> None:
        # There is no way to hand a client a pool; this one takes the place of the unused one.
        self.__dict__.update(made.__dict__)
        self._traffic = traffic

    def _create_tcp_socket(self, family: int, kind: int, protocol: int) -> Any:
        made = _CountingSocket(family, kind, protocol)
        made.traffic = self._traffic
        return made

    def after_connect(self, _socket: Any) -> None:
        self._traffic.opened += 1


class _CountingSocket(gevent.socket.socket):  # type: ignore[misc]  # gevent has no types here
    traffic: RequestTraffic

    def sendall(self, data: Any, *flags: int) -> Any:
        self.traffic.sent += len(data)
        return super().sendall(data, *flags)

    def recv(self, *arguments: int) -> bytes:
        data: bytes = super().recv(*arguments)
        self.traffic.received += len(data)
        return data

    def recv_into(self, *arguments: Any) -> int:
        count: int = super().recv_into(*arguments)
        self.traffic.received += count
        return count
