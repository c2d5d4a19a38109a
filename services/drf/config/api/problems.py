"""Errors as `application/problem+json` (RFC 9457), from REST framework and from Django alike."""

import logging
from http import HTTPStatus
from typing import Any

import orjson
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from rest_framework import exceptions
from rest_framework.response import Response

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
MALFORMED = "The request is malformed."
NOT_HTTP = "The request is not valid HTTP."
DETAILS = {
    400: "The request body is not valid JSON.",
    403: "The request is forbidden.",
    404: "The requested resource does not exist.",
    405: "The method is not allowed for this resource.",
    413: "The request body is larger than 1 MiB.",
    415: "The request body must be application/json.",
    422: "The request is not valid.",
    500: "The server failed to answer.",
    503: "The database does not answer.",
}


def problem(status: int, detail: str | None = None) -> dict[str, Any]:
    return {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail or DETAILS[status],
    }


def field_errors(detail: Any) -> list[dict[str, str]]:
    """The first message for each field."""
    return [{"field": field, "message": str(messages[0])} for field, messages in detail.items()]


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """Turn what a view raised into its problem. None leaves it to Django: a 500, and logged."""
    headers = None
    extra: dict[str, Any] = {}
    match exc:
        case Http404() | exceptions.NotFound():
            status = 404
        case exceptions.MethodNotAllowed():
            status = 405
            headers = {"Allow": ", ".join(context["view"].allowed_methods)}
        case RequestDataTooBig():
            status = 413
        case exceptions.UnsupportedMediaType():
            status = 415
        case exceptions.ParseError() | UnreadablePostError():
            status = 400
        case exceptions.ValidationError():
            status = 422
            extra = {"errors": field_errors(exc.detail)}
        case OperationalError() | InterfaceError() if database_is_away(exc):
            status = 503
            logger.error("The database does not answer: %s", exc)
        case _:
            return None
    return Response(
        problem(status) | extra, status=status, headers=headers, content_type=CONTENT_TYPE
    )


def database_is_away(exc: Exception) -> bool:
    """Whether the connection failed, rather than a statement on it."""
    code = getattr(exc.__cause__, "pgcode", None)
    # No code: the client noticed it. 08: connection failure. 57P: the server shuts down or
    # starts. 53300: it takes no more connections.
    return code is None or code.startswith(("08", "57P")) or code == "53300"


def problem_response(status: int, detail: str | None = None) -> HttpResponse:
    body = orjson.dumps(problem(status, detail))
    # The length is set here: a foreign host is refused outside of the middleware that would do it.
    length = {"Content-Length": str(len(body))}
    return HttpResponse(body, content_type=CONTENT_TYPE, status=status, headers=length)


# Django's own error views, for everything that no API view raised.


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return problem_response(400, MALFORMED)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return problem_response(403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return problem_response(404)


def server_error(request: HttpRequest) -> HttpResponse:
    return problem_response(500)
