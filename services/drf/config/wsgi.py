"""The WSGI application that Gunicorn serves."""

import os
import socket
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.exceptions import BadRequest, ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

from config.api.problems import MALFORMED, NOT_HTTP, problem_response

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

# Gunicorn throws away at most 64 KiB that nobody read, then resets the connection: a client
# that is still sending would never see its answer. More than this is not worth reading either,
# nor is a part that takes so many seconds to come.
DISCARD_AT_MOST = 64 * 1024 * 1024
DISCARD_PATIENCE = 5
BLOCK = 64 * 1024
ADMIN = "/admin/"


class Intake:
    """Straightens out what Django cannot handle, before it sees the request.

    A chunked request has no Content-Length, without which Django finds no body. A body that was
    refused unread must still be taken from its client. And the parameters of a Content-Type mean
    nothing to the API, while Django fails on a charset it cannot use.
    """

    def __init__(self, application: Application, limit: int) -> None:
        self.application = application
        self.limit = limit

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        stream = environ["wsgi.input"]
        chunked = "HTTP_TRANSFER_ENCODING" in environ
        if chunked:
            try:
                self.take(environ)
            except Exception:  # noqa: BLE001  (the server has errors of its own for broken chunks)
                return bad_request(start_response, NOT_HTTP)
        if ";" in environ.get("CONTENT_TYPE", "") and not environ["PATH_INFO"].startswith(ADMIN):
            environ["CONTENT_TYPE"] = environ["CONTENT_TYPE"].partition(";")[0]
        try:
            answer = self.application(environ, start_response)
        except BadRequest:  # Django cannot make a request of it, for instance a broken Content-Type
            answer = bad_request(start_response, MALFORMED)
        # Five digits or more: Gunicorn can discard anything smaller by itself.
        if chunked or len(environ.get("CONTENT_LENGTH", "")) > 4:
            return ThenDiscard(answer, stream, environ.get("gunicorn.socket"))
        return answer

    def take(self, environ: Environ) -> None:
        """Read a chunked body, up to one byte more than allowed."""
        body = environ["wsgi.input"].read(self.limit + 1)
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


def bad_request(start_response: StartResponse, detail: str) -> Iterable[bytes]:
    """The answer to a request that never became one."""
    response = problem_response(400, detail)
    start_response("400 Bad Request", [*response.items()])
    return [response.content]


def make_application() -> Application:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")
    try:
        return Intake(get_wsgi_application(), settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
    except ImproperlyConfigured as error:
        sys.exit(f"drf: {error}")


application = make_application()
