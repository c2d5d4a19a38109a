"""Every error leaves as `application/problem+json` (RFC 9457)."""

import socket
from contextlib import suppress
from functools import partial
from typing import Any

from flask import Flask, current_app, request
from marshmallow import ValidationError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from inventory.schemas import first_messages
from inventory.wrappers import BrokenBody, Response

PROBLEMS = {
    400: ("Bad Request", "The request body is not valid JSON."),
    404: ("Not Found", "The requested resource does not exist."),
    405: ("Method Not Allowed", "The method is not allowed for this resource."),
    413: ("Content Too Large", "The request body is larger than 1 MiB."),
    415: ("Unsupported Media Type", "The request body must be application/json."),
    422: ("Unprocessable Content", "The request is not valid."),
    500: ("Internal Server Error", "The server failed to answer."),
    503: ("Service Unavailable", "The database does not answer."),
}
# How much of an unwanted body is read, and how long the next part of it is waited for.
DISCARD_BYTES = 64 * 1024 * 1024
DISCARD_PATIENCE_S = 5
CHUNK_BYTES = 64 * 1024


def register(app: Flask) -> None:
    app.register_error_handler(ValidationError, invalid_request)
    app.register_error_handler(DBAPIError, database_failure)
    app.register_error_handler(PoolTimeout, database_failure)
    app.register_error_handler(BrokenBody, broken_body)
    app.register_error_handler(HTTPException, http_error)


def problem(status: int, **members: Any) -> Response:
    title, detail = PROBLEMS[status]
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **members}
    return Response(current_app.json.dumps(body), status, content_type="application/problem+json")


def invalid_request(error: ValidationError) -> Response:
    return problem(422, errors=first_messages(error))


def database_failure(error: DBAPIError | PoolTimeout) -> Response:
    current_app.logger.error("The database failed.", exc_info=error)
    return problem(503 if is_unreachable(error) else 500)


def is_unreachable(error: DBAPIError | PoolTimeout) -> bool:
    """Refused or lost connections, and a pool that stays empty; not a statement that failed."""
    if isinstance(error, PoolTimeout) or error.connection_invalidated:
        return True
    # Without a statement, it was the connection itself that failed.
    return error.statement is None


def broken_body(error: BrokenBody) -> Response:
    return problem(400, detail=error.description)


def http_error(error: HTTPException) -> Response:
    response = problem(error.code if error.code in PROBLEMS else 500)
    response.call_on_close(partial(discard_body, request.environ))
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        response.allow.update(error.valid_methods)
    return response


def discard_body(environ: dict[str, Any]) -> None:
    """Once the answer is sent, read what the client still sends of its body.

    Closing a connection with unread bytes in it would reset it, and the client, still sending,
    would not see its answer. One that stops in the middle, or never stops, loses its connection.
    """
    connection: socket.socket | None = environ.get("gunicorn.socket")
    with suppress(Exception):  # a client that is gone or silent, a broken chunk
        if connection is not None:
            connection.settimeout(DISCARD_PATIENCE_S)
        for _ in range(DISCARD_BYTES // CHUNK_BYTES):
            if not environ["wsgi.input"].read(CHUNK_BYTES):
                return
    if connection is not None:
        with suppress(OSError):
            # Gunicorn's own close would wait for the client, and meanwhile serve nobody else.
            connection.shutdown(socket.SHUT_RDWR)
