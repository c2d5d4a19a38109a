"""HTTP over kept-alive connections: bytes in, status and body out.

This is aiohttp without its session. Its connector keeps the connections and its C parser reads
the answers; what a session does for every request (cookies, redirects, header dictionaries, URL
handling, timers) is left out, which halves the CPU time of a request. A session would also send
an idempotent request again when a kept connection breaks, and so hide a reset; here nothing is
ever sent twice.
"""

import asyncio
import errno
import functools
import time
from dataclasses import dataclass, replace
from typing import Self, cast

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ClientRequest
from aiohttp.connector import Connection
from aiohttp.http_exceptions import HttpProcessingError
from yarl import URL


class RequestError(Exception):
    """No whole answer came. The text is the reason as it is counted."""


@dataclass
class Traffic:
    """Totals over all connections of a client."""

    bytes_sent: int = 0
    bytes_received: int = 0
    connections_opened: int = 0

    def copy(self) -> Self:
        """The same counts, which do not go on counting."""
        return replace(self)

    def plus(self, other: Self) -> Self:
        """Both together."""
        return replace(
            self,
            bytes_sent=self.bytes_sent + other.bytes_sent,
            bytes_received=self.bytes_received + other.bytes_received,
            connections_opened=self.connections_opened + other.connections_opened,
        )

    def since(self, before: Self) -> Self:
        """What has come since an earlier copy."""
        return replace(
            self,
            bytes_sent=self.bytes_sent - before.bytes_sent,
            bytes_received=self.bytes_received - before.bytes_received,
            connections_opened=self.connections_opened - before.connections_opened,
        )


class _Protocol(ResponseHandler):
    def __init__(self, loop: asyncio.AbstractEventLoop, traffic: Traffic) -> None:
        super().__init__(loop)
        self._traffic = traffic

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._traffic.connections_opened += 1

    def data_received(self, data: bytes) -> None:
        self._traffic.bytes_received += len(data)
        super().data_received(data)


class _Connector(aiohttp.TCPConnector):
    def __init__(self, traffic: Traffic) -> None:
        # No limit: the pacing decides how many connections there are.
        super().__init__(limit=0, ttl_dns_cache=None)
        make = functools.partial(_Protocol, loop=self._loop, traffic=traffic)
        self._factory = cast("functools.partial[ResponseHandler]", make)


class Client:
    """Sends requests to one address."""

    def __init__(self, base_url: str, timeout_s: float) -> None:
        self.traffic = Traffic()
        self._timeout_s = timeout_s
        self._in_flight: dict[ResponseHandler, float] = {}
        self._loop = asyncio.get_running_loop()
        self._connector = _Connector(self.traffic)
        # The connector wants a request in order to know where to connect to.
        self._destination = ClientRequest("GET", URL(base_url), loop=self._loop)
        self._connecting = aiohttp.ClientTimeout(sock_connect=timeout_s)
        self._watchdog = self._loop.create_task(self._end_overdue())

    async def close(self) -> None:
        """Close all connections; requests under way fail."""
        self._watchdog.cancel()
        await self._connector.close()

    async def open(self, connections: int) -> None:
        """Have so many connections open, as far as the server takes them: a refusal is no error
        here, and the next request's.
        """
        opened = await asyncio.gather(
            *(self._connect() for _ in range(connections)), return_exceptions=True
        )
        for outcome in opened:
            if isinstance(outcome, Connection):
                outcome.release()
            elif not isinstance(outcome, RequestError):
                raise outcome

    async def ask(self, data: bytes) -> tuple[int, bytes]:
        """Send one request; its status and body. RequestError when no whole answer comes."""
        connection = await self._connect()
        protocol = connection.protocol
        assert protocol is not None
        self._in_flight[protocol] = time.monotonic()
        try:
            answer = await self._exchange(connection, protocol, data)
        except BaseException as error:
            connection.close()
            timed_out = self._in_flight.pop(protocol, None) is None
            if not isinstance(error, (OSError, aiohttp.ClientError, HttpProcessingError)):
                raise
            raise RequestError("timeout" if timed_out else reason(error)) from None
        connection.release()
        if self._in_flight.pop(protocol, None) is None:
            raise RequestError("timeout")
        return answer

    async def _connect(self) -> Connection:
        """A connection that is free, or a new one."""
        try:
            return await self._connector.connect(self._destination, [], self._connecting)
        except (OSError, TimeoutError, aiohttp.ClientError) as error:
            raise RequestError(reason(error)) from None

    async def _exchange(
        self, connection: Connection, protocol: ResponseHandler, data: bytes
    ) -> tuple[int, bytes]:
        transport = connection.transport
        assert transport is not None
        protocol.set_response_params(read_until_eof=True, auto_decompress=False)
        transport.write(data)
        self.traffic.bytes_sent += len(data)
        message, payload = await protocol.read()
        return message.code, await payload.read()

    async def _end_overdue(self) -> None:
        """Break connections whose answer is overdue.

        One look at all of them now and then is cheaper than a timer for each.
        """
        interval_s = min(0.5, self._timeout_s / 10)
        while True:
            await asyncio.sleep(interval_s)
            overdue_s = time.monotonic() - self._timeout_s
            # The oldest come first, because a dictionary keeps the order of insertion.
            overdue = [
                protocol for protocol, since_s in self._in_flight.items() if since_s < overdue_s
            ]
            for protocol in overdue:
                del self._in_flight[protocol]
                # Not the protocol's own abort, which would leave the reader of a body waiting.
                if protocol.transport is not None:
                    protocol.transport.abort()


def reason(error: BaseException) -> str:
    """Why a request failed, in words that are the same each time, so that they can be counted."""
    if isinstance(error, TimeoutError):
        return "timeout"
    number = error.errno if isinstance(error, OSError) else None
    if number == errno.ECONNREFUSED:
        return "connection refused"
    if number in (errno.ECONNRESET, errno.EPIPE):
        return "connection reset"
    if isinstance(error, HttpProcessingError):
        return "malformed answer"
    if isinstance(error, (aiohttp.ServerDisconnectedError, aiohttp.ClientPayloadError)):
        return "connection closed"
    return f"{type(error).__name__}: {error}" if number is None else errno.errorcode[number]
