"""Errors as `application/problem+json` (RFC 9457), from REST framework and from Django alike."""

import json
import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.core.exceptions import ObjectNotUpdated, PermissionDenied, RequestDataTooBig
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
    406: "The answer would be application/json.",
    413: "The request body is larger than 1 MiB.",
    415: "The request body must be application/json.",
    422: "The request is not valid.",
    500: "The server failed to answer.",
    503: "The database does not answer.",
}


def problem(status: int, detail: str | None = None) -> dict[str, Any]:
    """The problem of this status."""
    return {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail or DETAILS[status],
    }


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """Turn what a view raised into its problem. None leaves it to Django: a 500, and logged."""
    status = status_of(exc)
    if status is None:
        return None
    body = problem(status)
    headers = {}
    if isinstance(exc, exceptions.ValidationError):
        # The first message for each field.
        body["errors"] = [
            {"field": field, "message": str(messages[0])} for field, messages in exc.detail.items()
        ]
    if status == 405:
        headers["Allow"] = ", ".join(context["view"].allowed_methods)
    if status == 503:
        logger.error("The database does not answer: %s", exc)
    return Response(body, status=status, headers=headers, content_type=CONTENT_TYPE)


def status_of(exc: Exception) -> int | None:
    """The status that answers an exception; None if it is a fault of this side."""
    match exc:
        case exceptions.ValidationError():
            return 422
        case exceptions.APIException():
            return exc.status_code
        case Http404() | ObjectNotUpdated():  # an item that somebody deleted meanwhile
            return 404
        case PermissionDenied():
            return 403
        case UnreadablePostError() | RecursionError():  # JSON of too many levels
            return 400
        case RequestDataTooBig():
            return 413
        case OperationalError() | InterfaceError() if database_is_away(exc):
            return 503
    return None


def database_is_away(exc: Exception) -> bool:
    """Whether the connection failed, rather than a statement on it."""
    code = getattr(exc.__cause__, "pgcode", None)
    # No code: the client noticed it. 08: connection failure. 57P: the server shuts down or
    # starts. 53300: it takes no more connections.
    return code is None or code.startswith(("08", "57P")) or code == "53300"


def problem_response(status: int, detail: str | None = None) -> HttpResponse:
    """A problem without REST framework."""
    body = json.dumps(problem(status, detail), separators=(",", ":"))
    return HttpResponse(body, content_type=CONTENT_TYPE, status=status)


def error_view(status: int, detail: str | None = None) -> Callable[..., HttpResponse]:
    """A view for Django to answer with when no API view was reached, or none had an answer."""

    def answer(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
        return problem_response(status, detail)

    return answer


bad_request = error_view(400, MALFORMED)
forbidden = error_view(403)
not_found = error_view(404)
server_error = error_view(500)
