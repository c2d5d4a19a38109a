"""Gunicorn's threaded worker, which refuses invalid requests as problems instead of HTML.

Gunicorn loads it before Django is set up, so it uses nothing of Django.
"""

import json
import socket
from typing import Any

from gunicorn.http import errors
from gunicorn.util import write_nonblock
from gunicorn.workers.gthread import ThreadWorker

PROBLEM = json.dumps(
    {
        "type": "about:blank",
        "title": "Bad Request",
        "status": 400,
        "detail": "The request is not valid HTTP.",
    },
    separators=(",", ":"),
)
REFUSAL = "\r\n".join(
    [
        "HTTP/1.1 400 Bad Request",
        "Connection: close",
        "Content-Type: application/problem+json",
        f"Content-Length: {len(PROBLEM)}",
        "",
        PROBLEM,
    ]
).encode()


class ProblemWorker(ThreadWorker):
    """A request that is not valid HTTP never reaches Django, so the server has to answer it."""

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: Exception) -> None:
        match exc:
            case (
                errors.InvalidResponseHeader()
                | errors.InvalidResponseHeaderName()
                | errors.ConfigurationProblem()
            ):
                super().handle_error(req, client, addr, exc)  # a fault of this side
            case errors.ParseException():
                self.log.warning("Invalid request: %s: %s", type(exc).__name__, exc)
                if req is None:  # else it has its answer, and the rest of its body is broken
                    self.refuse(client)
            case _:
                super().handle_error(req, client, addr, exc)

    def refuse(self, client: socket.socket) -> None:
        try:
            write_nonblock(client, REFUSAL)
        except OSError as error:
            self.log.debug("A refusal could not be sent: %s", error)
