"""Gunicorn's threaded worker, with its one HTML answer replaced."""

import socket
from http import HTTPStatus
from typing import Any, override

import orjson
from gunicorn import util
from gunicorn.http.errors import (
    ConfigurationProblem,
    ExpectationFailed,
    LimitRequestHeaders,
    LimitRequestLine,
    ParseException,
)
from gunicorn.workers.gthread import ThreadWorker

STATUSES: dict[type[ParseException], HTTPStatus] = {
    LimitRequestLine: HTTPStatus.REQUEST_URI_TOO_LONG,
    LimitRequestHeaders: HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    ExpectationFailed: HTTPStatus.EXPECTATION_FAILED,
}


class ProblemWorker(ThreadWorker):
    """Refuses what is not a valid HTTP request as a problem, like all other errors here.

    Such a request never reaches the application, so no error handler of Flask's can do it.
    """

    @override
    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: Exception) -> None:
        if not isinstance(exc, ParseException) or isinstance(exc, ConfigurationProblem):
            super().handle_error(req, client, addr, exc)
            return
        self.log.warning("Invalid request: %s: %s", type(exc).__name__, exc)
        try:
            util.write_nonblock(client, refusal(STATUSES.get(type(exc), HTTPStatus.BAD_REQUEST)))
        except OSError:
            self.log.debug("Failed to send error message.")


def refusal(status: HTTPStatus) -> bytes:
    body = orjson.dumps(
        {
            "type": "about:blank",
            "title": status.phrase,
            "status": status.value,
            "detail": "The request is not valid HTTP.",
        }
    )
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\n"
        "Connection: close\r\n"
        "Content-Type: application/problem+json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
