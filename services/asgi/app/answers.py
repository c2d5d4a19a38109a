"""What is answered: items as JSON, errors as application/problem+json (RFC 9457).

Answers are written by orjson: it is the fastest, and writes a float as the others do. Requests are
read by the standard library: orjson takes a lone surrogate for no JSON at all, where the contract
wants the field named.
"""

from typing import Any, NamedTuple

import orjson

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


class Answer(NamedTuple):
    status: int
    body: bytes
    headers: list[tuple[bytes, bytes]]


class Problem(Exception):
    """What ends a request without success."""

    def __init__(
        self, status: int, *, errors: dict[str, str] | None = None, allow: str = ""
    ) -> None:
        super().__init__(status)
        self.status = status
        self.errors = errors  # messages by field, of a 422
        self.allow = allow  # of a 405


def json_answer(value: Any, status: int = 200) -> Answer:
    return answer(status, value, b"application/json")


def no_content() -> Answer:
    return Answer(204, b"", [])


def problem_answer(problem: Problem) -> Answer:
    title, detail = TITLE_AND_DETAIL[problem.status]
    members = {"type": "about:blank", "title": title, "status": problem.status, "detail": detail}
    if problem.errors is not None:
        members["errors"] = [{"field": f, "message": m} for f, m in problem.errors.items()]
    told = answer(problem.status, members, b"application/problem+json")
    if problem.allow:
        told.headers.append((b"allow", problem.allow.encode()))
    return told


def answer(status: int, value: Any, media_type: bytes) -> Answer:
    body = orjson.dumps(value)
    length = str(len(body)).encode()
    return Answer(status, body, [(b"content-type", media_type), (b"content-length", length)])
