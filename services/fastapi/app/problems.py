"""Every error as application/problem+json (RFC 9457), by exception handlers."""

import logging
from collections.abc import Sequence
from typing import Any

import orjson
from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.routing import Route

logger = logging.getLogger("uvicorn.error")

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

OF_A_BODY = (400, 413, 415, 422)
"""What may be wrong with a body, or with its being there."""

_CONTENT = {
    "application/problem+json": {
        "schema": {
            "title": "Problem",
            "type": "object",
            "required": ["type", "title", "status", "detail"],
            "properties": {
                "type": {"const": "about:blank"},
                "title": {"type": "string"},
                "status": {"type": "integer"},
                "detail": {"type": "string"},
                "errors": {
                    "description": "Of a 422: the first fault of each field.",
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["field", "message"],
                        "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
                    },
                },
            },
        }
    }
}


def described(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What OpenAPI says of a route that answers these problems, and those that every route may.

    The range keeps FastAPI from describing a 422 of its own form, which is never sent.
    """
    told = {status: PROBLEMS[status][1] for status in (*statuses, 500)}
    ranges = {"4XX": "Any other fault of the request."}
    return {
        status: {"description": text, "content": _CONTENT}
        for status, text in (told | ranges).items()
    }


class ItemNotFound(HTTPException):
    def __init__(self) -> None:
        super().__init__(404)


def install(app: FastAPI) -> None:
    app.add_exception_handler(StarletteHTTPException, on_http_exception)
    app.add_exception_handler(RequestValidationError, on_invalid_request)
    app.add_exception_handler(DBAPIError, on_database_error)
    app.add_exception_handler(PoolTimeoutError, on_database_error)
    app.add_exception_handler(Exception, on_unexpected_error)


def problem(status: int, **members: Any) -> Response:
    title, detail = PROBLEMS[status]
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **members}
    return Response(orjson.dumps(body), status, media_type="application/problem+json")


async def on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, StarletteHTTPException)
    response = problem(error.status_code if error.status_code in PROBLEMS else 400)
    if error.status_code == 405:
        response.headers["Allow"] = ", ".join(sorted(allowed_methods(request)))
    return response


def allowed_methods(request: Request) -> set[str]:
    """Every method of every route with this path; the exception knows those of one route only."""
    path = request.scope["path"]
    routes = [route for route in request.app.routes if isinstance(route, Route)]
    return {
        method for route in routes if route.path_regex.match(path) for method in route.methods or ()
    }


async def on_invalid_request(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return problem(422, errors=field_errors(error.errors()))


def field_errors(errors: Sequence[Any]) -> list[dict[str, str]]:
    """The first error of each field; an error of the whole body belongs to the field `body`."""
    messages: dict[str, str] = {}
    for error in errors:
        source, *path = error["loc"]
        messages.setdefault(str(path[0] if path else source), error["msg"])
    return [{"field": field, "message": message} for field, message in messages.items()]


async def on_database_error(_request: Request, error: Exception) -> Response:
    logger.error("The database failed.", exc_info=error)
    return problem(503 if is_unreachable(error) else 500)


def is_unreachable(error: Exception) -> bool:
    """Tell a refused or lost connection from a failed statement, which has an SQLSTATE."""
    if not isinstance(error, DBAPIError):
        return True
    refused = isinstance(error, OperationalError) and getattr(error.orig, "pgcode", None) is None
    return error.connection_invalidated or refused


async def on_unexpected_error(_request: Request, _error: Exception) -> Response:
    # Starlette raises the error again after this answer, and uvicorn logs it.
    return problem(500)
