"""Gunicorn's threaded worker, with its HTML answers to invalid requests replaced."""

import socket
from typing import Any, override

import orjson
from gunicorn import util
from gunicorn.http.errors import (
    ConfigurationProblem,
    InvalidResponseHeader,
    InvalidResponseHeaderName,
    ParseException,
)
from gunicorn.workers.gthread import ThreadWorker

# These are called parse errors too, but it is not the client who made them.
OWN_FAULTS = (ConfigurationProblem, InvalidResponseHeader, InvalidResponseHeaderName)

BODY = orjson.dumps(
    {
        "type": "about:blank",
        "title": "Bad Request",
        "status": 400,
        "detail": "The request is not valid HTTP.",
    }
)
REFUSAL = (
    b"HTTP/1.1 400 Bad Request\r\n"
    b"Connection: close\r\n"
    b"Content-Type: application/problem+json\r\n"
    b"Content-Length: %d\r\n\r\n%b"
) % (len(BODY), BODY)


class ProblemWorker(ThreadWorker):
    """Refuses what is not a valid HTTP request as a problem, like all other errors here.

    Such a request never reaches the application, so no error handler of Flask's can do it.
    """

    @override
    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: Exception) -> None:
        if not isinstance(exc, ParseException) or isinstance(exc, OWN_FAULTS):
            super().handle_error(req, client, addr, exc)
            return
        self.log.warning("Invalid request: %s: %s", type(exc).__name__, exc)
        if req is not None:
            return  # it was answered, and then the rest of its body turned out to be broken
        try:
            util.write_nonblock(client, REFUSAL)
        except OSError:
            self.log.debug("Failed to send error message.")
