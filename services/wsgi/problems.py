"""Errors, as `application/problem+json` (RFC 9457)."""

from http import HTTPStatus
from typing import Any

DETAILS = {
    400: "The request body is not valid JSON.",
    404: "The requested resource does not exist.",
    405: "The method is not allowed for this resource.",
    415: "The request body must be application/json.",
    422: "The request is not valid.",
    500: "The server failed to answer.",
    503: "The database does not answer.",
}


class Problem(Exception):
    """Raised anywhere, answered by the application."""

    def __init__(
        self, status: int, *, headers: list[tuple[str, str]] | None = None, **members: Any
    ) -> None:
        super().__init__(status)
        self.status = status
        self.headers = [("Content-Type", "application/problem+json"), *(headers or [])]
        self.body = {
            "type": "about:blank",
            "title": HTTPStatus(status).phrase,
            "status": status,
            "detail": DETAILS[status],
            **members,
        }
