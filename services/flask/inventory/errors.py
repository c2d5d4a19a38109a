"""Every error leaves as `application/problem+json` (RFC 9457)."""

from http import HTTPStatus
from typing import Any

from flask import Flask, Response, current_app, request
from marshmallow import ValidationError
from sqlalchemy.exc import DBAPIError, TimeoutError
from werkzeug.exceptions import HTTPException

from inventory.schemas import first_messages

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
DRAIN_BYTES = 16 * 1024 * 1024


def register(app: Flask) -> None:
    app.register_error_handler(ValidationError, invalid_request)
    app.register_error_handler(DBAPIError, database_failure)
    app.register_error_handler(TimeoutError, database_failure)
    app.register_error_handler(HTTPException, http_error)


def problem(status: int, **members: Any) -> Response:
    title, detail = PROBLEMS[status]
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **members}
    return Response(current_app.json.dumps(body), status, content_type="application/problem+json")


def invalid_request(error: ValidationError) -> Response:
    return problem(422, errors=first_messages(error))


def database_failure(error: DBAPIError | TimeoutError) -> Response:
    current_app.log_exception((type(error), error, error.__traceback__))
    return problem(503 if is_unreachable(error) else 500)


def is_unreachable(error: DBAPIError | TimeoutError) -> bool:
    """Refused or lost connections, and a pool that stays empty; not a statement that failed."""
    if isinstance(error, TimeoutError) or error.connection_invalidated:
        return True
    # Without a statement, it was the connection itself that failed.
    return error.statement is None


def http_error(error: HTTPException) -> Response:
    discard_body()
    response = problem(error.code if error.code in PROBLEMS else 500)
    for name, value in error.get_headers():
        if name == "Allow":
            response.headers[name] = value
    return response


def discard_body() -> None:
    for _ in range(DRAIN_BYTES // 65536):
        try:
            if not request.stream.read(65536):
                return
        except Exception:
            return
