"""Raw sockets, for requests that no HTTP client would send."""

import select
import socket
import time
from http.client import HTTPResponse
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from .answer import Answer

TIMEOUT = 30


class Wire:
    """One TCP connection. What is sent is exactly what is given."""

    def __init__(self, base_url: str, timeout: float = TIMEOUT) -> None:
        url = urlsplit(base_url)
        assert url.hostname
        assert url.port
        self.host = f"{url.hostname}:{url.port}"
        self._socket = socket.create_connection((url.hostname, url.port), timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def is_quiet(self) -> bool:
        """Whether nothing has come that was not asked for, the end of the connection included."""
        return not select.select([self._socket], [], [], 0)[0]

    def send(self, data: bytes) -> None:
        """Send all of it. A reset connection raises."""
        self._socket.sendall(data)

    def end(self) -> None:
        """Tell the server that nothing more will be sent."""
        self._socket.shutdown(socket.SHUT_WR)

    def rest(self) -> bytes:
        """All that comes until the server closes the connection."""
        parts = []
        while part := self._socket.recv(65536):
            parts.append(part)
        return b"".join(parts)

    def is_at_end(self) -> bool:
        """Whether the server closes the connection without another byte."""
        try:
            return not self.rest()
        except ConnectionResetError:  # what this side sent was not read to its end
            return True

    def read(self, method: str = "GET") -> Answer:
        """Read one whole answer. A connection closed without one raises."""
        response = HTTPResponse(self._socket, method=method)
        response.begin()
        body = response.read()
        headers = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, headers, body)

    def read_while_sending(self, method: str) -> Answer:
        """Read the answer while the body goes on arriving, a byte a second.

        A server that waits for the end of the body, or for silence, never answers this one.
        """
        deadline_s = time.monotonic() + TIMEOUT
        while not select.select([self._socket], [], [], 1)[0]:
            assert time.monotonic() < deadline_s, "the body is waited for"
            self.send(b"x")
        return self.read(method)

    def ask(
        self,
        method: str,
        path: str,
        headers: tuple[tuple[str, str], ...] = (),
        body: bytes = b"",
        host: str | None = None,
    ) -> Answer:
        """Send a request made of these parts, and read its answer."""
        self.send(request_head(method, path, (("Host", host or self.host), *headers)) + body)
        return self.read(method)


def request_head(method: str, path: str, headers: tuple[tuple[str, str], ...]) -> bytes:
    """The head of a request. Nothing is added; characters up to U+00FF become single bytes."""
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def in_chunks(body: bytes, size: int = 65536) -> bytes:
    """A body in the chunked transfer coding."""
    parts = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
