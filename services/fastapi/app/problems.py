"""Every error as application/problem+json (RFC 9457), by exception handlers."""

import logging
from typing import Any, Literal

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException

logger = logging.getLogger("uvicorn.error")

MEDIA_TYPE = "application/problem+json"
TITLE_AND_DETAIL = {
    400: ("Bad Request", "The request body is not valid JSON."),
    404: ("Not Found", "The requested resource does not exist."),
    405: ("Method Not Allowed", "The method is not allowed for this resource."),
    413: ("Content Too Large", "The request body is larger than 1 MiB."),
    415: ("Unsupported Media Type", "The request body must be application/json."),
    422: ("Unprocessable Content", "The request is not valid."),
    500: ("Internal Server Error", "The server failed to answer."),
    503: ("Service Unavailable", "The database does not answer."),
}


class Problem(BaseModel):
    type: Literal["about:blank"]
    title: str
    status: int
    detail: str
    errors: list[dict[Literal["field", "message"], str]] = []  # of a 422


# What OpenAPI says of every route: without it, that a 422 has FastAPI's own form.
RESPONSES: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "A problem.",
        "content": {MEDIA_TYPE: {"schema": Problem.model_json_schema()}},
    }
}


def problem(status: int, **members: Any) -> JSONResponse:
    title, detail = TITLE_AND_DETAIL[status]
    body = Problem(type="about:blank", title=title, status=status, detail=detail, **members)
    return JSONResponse(body.model_dump(exclude_unset=True), status, media_type=MEDIA_TYPE)


async def on_http_exception(request: Request, error: HTTPException) -> JSONResponse:
    response = problem(error.status_code if error.status_code in TITLE_AND_DETAIL else 400)
    if error.status_code == 405:
        response.headers["Allow"] = ", ".join(sorted(allowed_methods(request)))
    return response


def allowed_methods(request: Request) -> set[str]:
    """Every method of every route with this path; the exception knows those of one route only."""
    allowed: set[str] = set()
    for route in iter_route_contexts(request.app.routes):
        if route.methods and route.path_regex.match(request.scope["path"]):
            allowed |= set(route.methods)
    return allowed


async def on_invalid_request(_request: Request, error: RequestValidationError) -> JSONResponse:
    """400 for what is no JSON, 422 for wrong values, 404 for a path that no item can have."""
    faults = [fault for fault in error.errors() if fault["loc"][0] != "path"]
    if not faults:
        return problem(404)
    if faults[0]["type"] == "json_invalid":
        return problem(400)
    messages: dict[str, str] = {}  # the first of each field; of the whole body it is `body`
    for fault in faults:
        source, *path = fault["loc"]
        messages.setdefault(str(path[0] if path else source), fault["msg"])
    return problem(422, errors=[{"field": f, "message": m} for f, m in messages.items()])


async def on_database_error(_request: Request, error: DBAPIError) -> JSONResponse:
    """503 where the connection was refused or lost, 500 where a statement failed."""
    logger.error("The database failed.", exc_info=error)
    # What has no statement failed before it had one: on its way to a connection.
    unreachable = error.connection_invalidated or error.statement is None
    return problem(503 if unreachable else 500)


async def on_no_connection(_request: Request, error: Exception) -> JSONResponse:
    """Nobody listens, or every connection of the pool was in use for too long."""
    logger.error("There is no connection to the database.", exc_info=error)
    return problem(503)


async def on_unexpected_error(_request: Request, _error: Exception) -> JSONResponse:
    # Starlette raises the error again after this answer, and uvicorn logs it.
    return problem(500)


HANDLERS: dict[Any, Any] = {
    HTTPException: on_http_exception,
    RequestValidationError: on_invalid_request,
    DBAPIError: on_database_error,
    PoolTimeoutError: on_no_connection,
    OSError: on_no_connection,  # asyncpg's own: refused, timed out, no such host
    Exception: on_unexpected_error,
}
