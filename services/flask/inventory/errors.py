"""Every error leaves as `application/problem+json` (RFC 9457)."""

from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, current_app, json
from gunicorn.http.errors import NoMoreData, ParseException
from marshmallow import ValidationError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import ObjectDeletedError, StaleDataError
from werkzeug.exceptions import ClientDisconnected, HTTPException
from werkzeug.sansio.response import Response as BaseResponse

bp = Blueprint("errors", __name__)

PROBLEM_JSON = "application/problem+json"
DETAILS = {
    400: "The request body is not valid JSON.",
    404: "The requested resource does not exist.",
    405: "The method is not allowed for this resource.",
    413: "The request body is larger than 1 MiB.",
    415: "The request body must be application/json.",
    422: "The request is not valid.",
    500: "The server failed to answer.",
    503: "The database does not answer.",
}


def problem(status: int, **members: Any) -> Response:
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": DETAILS.get(status, "The request cannot be answered."),
    }
    return Response(json.dumps(body | members), status, content_type=PROBLEM_JSON)


@bp.app_errorhandler(HTTPException)
def http_error(error: HTTPException) -> BaseResponse:
    """The answer that the error has itself, `Allow` included, with another body."""
    response = error.get_response()
    response.data = problem(response.status_code).data
    response.content_type = PROBLEM_JSON
    return response


@bp.app_errorhandler(ClientDisconnected)
@bp.app_errorhandler(ParseException)
@bp.app_errorhandler(NoMoreData)
def broken_body(_: Exception) -> Response:
    """Gunicorn finds a broken chunk, or that the client is gone, while the application reads."""
    return problem(400, detail="The request is not valid HTTP.")


@bp.app_errorhandler(RecursionError)
def nested_too_deeply(_: RecursionError) -> Response:
    """Python's JSON parser does not tell this as the fault of the JSON that it is."""
    return problem(400)


@bp.app_errorhandler(ValidationError)
def invalid_request(error: ValidationError) -> Response:
    """One entry for each wrong field, in the schema's order; `body` is the whole of it."""
    messages: dict[str, list[str]] = error.normalized_messages()  # type: ignore[no-untyped-call]
    errors = [
        {"field": "body" if field == "_schema" else field, "message": texts[0]}
        for field, texts in messages.items()
    ]
    return problem(422, errors=errors)


@bp.app_errorhandler(StaleDataError)
@bp.app_errorhandler(ObjectDeletedError)
def item_is_gone(_: StaleDataError | ObjectDeletedError) -> Response:
    """Another client deleted it between our first statement and our last."""
    return problem(404)


@bp.app_errorhandler(DBAPIError)
@bp.app_errorhandler(PoolTimeout)
def database_failure(error: DBAPIError | PoolTimeout) -> Response:
    current_app.logger.error("The database failed.", exc_info=error)
    return problem(503 if is_unreachable(error) else 500)


def is_unreachable(error: DBAPIError | PoolTimeout) -> bool:
    """Refused or lost connections, and a pool that stays empty; not a statement that failed."""
    if isinstance(error, PoolTimeout) or error.connection_invalidated:
        return True
    # Without a statement, it was the connection itself that failed.
    return error.statement is None
