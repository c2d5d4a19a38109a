"""What an error answer must look like, in every service."""

from collections.abc import Sequence

from .answer import Answer, encoded

PROBLEM = "application/problem+json"

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

# What is said of a request that cannot be read, mostly by the server itself.
NOT_HTTP = {
    "type": "about:blank",
    "title": "Bad Request",
    "status": 400,
    "detail": "The request is not valid HTTP.",
}


def assert_problem(answer: Answer, status: int, fields: Sequence[str] = ()) -> None:
    """The answer is the problem of this status, and names these fields in this order."""
    assert answer.status == status, (answer.status, answer.body[:500])
    assert answer.media_type == PROBLEM, (answer.content_type, answer.body[:500])
    title, detail = TITLE_AND_DETAIL[status]
    problem = answer.json()
    errors = problem.pop("errors", None)
    assert problem == {"type": "about:blank", "title": title, "status": status, "detail": detail}
    if status != 422:
        assert errors is None
        return
    assert [error["field"] for error in errors] == list(fields)
    for error in errors:
        assert set(error) == {"field", "message"}
        assert isinstance(error["message"], str)
        assert error["message"]


def assert_client_problem(answer: Answer) -> None:
    """The answer is some 4xx problem of the common shape.

    Only a 400 may have a sentence of its own: a server or framework may refuse a strange request
    before the application sees it, for a reason that the contract has no sentence for.
    """
    assert 400 <= answer.status < 500, (answer.status, answer.body[:500])
    assert answer.media_type == PROBLEM, (answer.content_type, answer.body[:500])
    problem = answer.json()
    errors = {"errors"} if answer.status == 422 else set()
    assert set(problem) == {"type", "title", "status", "detail"} | errors
    assert (problem["type"], problem["status"]) == ("about:blank", answer.status)
    title, detail = TITLE_AND_DETAIL[answer.status]
    assert problem["title"] == title
    assert problem["detail"] == detail or answer.status == 400
    assert problem["detail"].endswith(".")
    for error in problem.get("errors", ()):
        assert set(error) == {"field", "message"}
    assert b"Traceback" not in answer.body


def assert_refused(answer: Answer) -> None:
    """The server refused the request itself: in the one wording, and closes the connection."""
    assert answer.status == 400, (answer.status, answer.body[:500])
    assert answer.content_type == PROBLEM
    assert answer.headers["connection"] == "close"
    assert answer.body == encoded(NOT_HTTP)


def is_refused(answer: Answer) -> bool:
    """Whether the server refused the request itself; then it did so as it has to."""
    refused = answer.status == 400 and answer.json() == NOT_HTTP
    if refused:
        assert_refused(answer)
    return refused


def without_messages(problem: dict) -> dict:
    """A problem without the wording that belongs to each framework."""
    if "errors" not in problem:
        return problem
    return problem | {"errors": [error["field"] for error in problem["errors"]]}
