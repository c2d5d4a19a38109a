"""The WSGI application that Gunicorn serves: a body that was refused is taken to its end."""

import os
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.exceptions import BadRequest
from gunicorn.http.errors import ParseException

from config.problems import MALFORMED, NOT_HTTP

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.tuned")

from config.wsgi import django, refuse, straighten_headers

# Gunicorn throws away at most 64 KiB that nobody read, then resets the connection: a client
# that is still sending would never see its answer. More than this is not worth reading either,
# nor is a part that takes so many seconds to come.
DISCARD_AT_MOST = 64 * 1024 * 1024
DISCARD_PATIENCE = 5
BLOCK = 64 * 1024
LIMIT = settings.DATA_UPLOAD_MAX_MEMORY_SIZE


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """The answer. What is left of its request is read once it has been sent."""
    stream = environ["wsgi.input"]
    is_chunked = "HTTP_TRANSFER_ENCODING" in environ
    length = int(environ.get("CONTENT_LENGTH") or 0)
    try:
        straighten_headers(environ)
        if is_chunked or 0 < length <= LIMIT:
            take_body(environ, length)
        answer = django(environ, start_response)
    except BadRequest:
        answer = refuse(start_response, 400, MALFORMED)
    except ParseException:  # a broken chunk
        answer = refuse(start_response, 400, NOT_HTTP)
    # Gunicorn can discard anything smaller by itself.
    if is_chunked or length > 10_000:
        return ThenDiscard(answer, stream, environ.get("gunicorn.socket"))
    return answer


def take_body(environ: dict[str, Any], length: int) -> None:
    """Read a body up to a byte more than allowed. Django refuses a larger one, in its turn."""
    body = environ["wsgi.input"].read(length or LIMIT + 1)
    if len(body) < length:
        raise BadRequest("The client has gone away")
    environ["wsgi.input"] = BytesIO(body)
    environ["CONTENT_LENGTH"] = str(len(body))


class ThenDiscard:
    """An answer. When it has been sent, what nobody read of the request is read and discarded."""

    def __init__(
        self, answer: Iterable[bytes], stream: Any, connection: socket.socket | None
    ) -> None:
        self.answer = answer
        self.stream = stream
        self.connection = connection

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.answer)

    def close(self) -> None:
        if hasattr(self.answer, "close"):
            self.answer.close()
        with suppress(Exception):  # a client that is gone or silent, a broken chunk
            if self.connection is not None:
                self.connection.settimeout(DISCARD_PATIENCE)
            for _ in range(DISCARD_AT_MOST // BLOCK):
                if not self.stream.read(BLOCK):
                    return
        if self.connection is not None:
            with suppress(OSError):
                # Gunicorn's own close would wait for the client, and meanwhile serve nobody else.
                self.connection.shutdown(socket.SHUT_RDWR)
