"""What an error answer must look like.

Every target answers with a problem of the common shape; a strict one with the very sentences of
the contract, and with the fields in their order.
"""

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

# What a strict target says of a request that cannot be read, mostly by the server itself.
NOT_HTTP = {
    "type": "about:blank",
    "title": "Bad Request",
    "status": 400,
    "detail": "The request is not valid HTTP.",
}
# What a server may say of a request in a coding, or of a version, that it does not know (RFC 9110).
UNKNOWN_TO_SERVERS = {501, 505}


def assert_problem(answer: Answer, status: int, fields: Sequence[str] = ()) -> None:
    """The answer is a problem of this status, and names just these fields, in any order."""
    assert answer.status == status, (answer.status, answer.body[:500])
    assert sorted(_fields_of(answer)) == sorted(fields)


def assert_exact_problem(answer: Answer, status: int, fields: Sequence[str] = ()) -> None:
    """The answer is the contract's own problem of this status, with these fields in this order."""
    assert_problem(answer, status, fields)
    title, detail = TITLE_AND_DETAIL[status]
    problem = answer.json()
    errors = problem.pop("errors", [])
    assert problem == {"type": "about:blank", "title": title, "status": status, "detail": detail}
    assert [error["field"] for error in errors] == list(fields)


def assert_client_problem(answer: Answer) -> None:
    """The answer is some 4xx problem of the common shape."""
    assert 400 <= answer.status < 500, (answer.status, answer.body[:500])
    _fields_of(answer)


def _fields_of(answer: Answer) -> list[str]:
    """The fields that a problem names. It has the shape of all problems."""
    assert answer.media_type == PROBLEM, (answer.content_type, answer.body[:500])
    assert b"Traceback" not in answer.body
    problem = answer.json()
    errors = problem.pop("errors", None)
    assert set(problem) == {"type", "title", "status", "detail"}, problem
    assert (problem["type"], problem["status"]) == ("about:blank", answer.status)
    for text in (problem["title"], problem["detail"]):
        assert isinstance(text, str)
        assert text
    # Those that are 422 name a field, and no others do.
    assert bool(errors) == (answer.status == 422), (answer.status, errors)
    for error in errors or ():
        assert set(error) == {"field", "message"}
        assert isinstance(error["message"], str)
        assert error["message"]
    return [error["field"] for error in errors or ()]


def assert_no_fault(answer: Answer) -> None:
    """The answer is no failure: neither of the service, nor one that tells of its inside."""
    assert answer.status < 500, (answer.status, answer.body[:500])
    assert b"Traceback" not in answer.body


def assert_no_fault_of_http(answer: Answer) -> None:
    """As above, for what may be no HTTP: the server itself may refuse it, in words of its own."""
    if answer.status not in UNKNOWN_TO_SERVERS:
        assert_no_fault(answer)


def assert_refused(answer: Answer) -> None:
    """The server refused the request itself: in the one wording, and closes the connection."""
    assert answer.status == 400, (answer.status, answer.body[:500])
    assert answer.content_type == PROBLEM
    assert answer.headers["connection"] == "close"
    assert answer.body == encoded(NOT_HTTP)


def is_refused(answer: Answer) -> bool:
    """Whether a strict target's server refused the request itself; then it did so as it has to."""
    refused = answer.status == 400 and answer.json() == NOT_HTTP
    if refused:
        assert_refused(answer)
    return refused


def without_messages(problem: dict) -> dict:
    """A problem without the wording that belongs to each framework."""
    if "errors" not in problem:
        return problem
    return problem | {"errors": [error["field"] for error in problem["errors"]]}
