"""Every error leaves as `application/problem+json` (RFC 9457)."""

from contextlib import suppress
from typing import Any

from flask import Flask, current_app, request
from marshmallow import ValidationError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from inventory.schemas import first_messages
from inventory.wrappers import Response

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
# How much of an unwanted body is read, so that a client still sending it gets to see the answer.
DISCARD_BYTES = 64 * 1024 * 1024
CHUNK_BYTES = 64 * 1024


def register(app: Flask) -> None:
    app.register_error_handler(ValidationError, invalid_request)
    app.register_error_handler(DBAPIError, database_failure)
    app.register_error_handler(PoolTimeout, database_failure)
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


def http_error(error: HTTPException) -> Response:
    discard_body()
    response = problem(error.code if error.code in PROBLEMS else 500)
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        response.allow.update(error.valid_methods)
    return response


def discard_body() -> None:
    """Closing a connection with unread bytes in it would reset it before the answer is read."""
    with suppress(Exception):  # a client that is gone, a broken chunk: the answer stays the same
        for _ in range(DISCARD_BYTES // CHUNK_BYTES):
            if not request.stream.read(CHUNK_BYTES):
                break
