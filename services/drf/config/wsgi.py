"""The WSGI application that Gunicorn serves."""

import os
import sys
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.exceptions import BadRequest, ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

from config.api.problems import MALFORMED, problem_response

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

# Gunicorn throws away at most 64 KiB that nobody read, then resets the connection: a client
# that is still sending would never see its answer. More than this is not worth reading either.
DISCARD_AT_MOST = 64 * 1024 * 1024
BLOCK = 64 * 1024
ADMIN = "/admin/"


class Intake:
    """Straightens out what Django cannot handle, before it sees the request.

    A chunked request has no Content-Length, without which Django finds no body. A refused body
    must have been read, or its client gets a reset in place of the answer. And the parameters
    of a Content-Type mean nothing to the API, while Django fails on a charset it cannot use.
    """

    def __init__(self, application: Application, limit: int) -> None:
        self.application = application
        self.limit = limit

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        # Five digits or more: Gunicorn can discard anything smaller by itself.
        if "HTTP_TRANSFER_ENCODING" in environ or len(environ.get("CONTENT_LENGTH", "")) > 4:
            try:
                self.take(environ)
            except Exception:  # noqa: BLE001  (the server has errors of its own for broken chunks)
                return bad_request(start_response)
        if ";" in environ.get("CONTENT_TYPE", "") and not environ["PATH_INFO"].startswith(ADMIN):
            environ["CONTENT_TYPE"] = environ["CONTENT_TYPE"].partition(";")[0]
        try:
            return self.application(environ, start_response)
        except BadRequest:  # Django cannot make a request of it, for instance a broken Content-Type
            return bad_request(start_response)

    def take(self, environ: Environ) -> None:
        """Read up to one byte more than allowed, and discard the rest."""
        stream = environ["wsgi.input"]
        body = stream.read(self.limit + 1)
        if len(body) > self.limit:
            discarded = 0
            while discarded < DISCARD_AT_MOST and (block := stream.read(BLOCK)):
                discarded += len(block)
        environ["wsgi.input"] = BytesIO(body)
        environ["CONTENT_LENGTH"] = str(len(body))


def bad_request(start_response: StartResponse) -> Iterable[bytes]:
    """The answer to a request that never became one."""
    response = problem_response(400, MALFORMED)
    length = ("Content-Length", str(len(response.content)))
    start_response("400 Bad Request", [*response.items(), length])
    return [response.content]


def make_application() -> Application:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")
    try:
        return Intake(get_wsgi_application(), settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
    except ImproperlyConfigured as error:
        sys.exit(f"drf: {error}")


application = make_application()
