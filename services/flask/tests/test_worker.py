"""What Gunicorn answers by itself."""

import json
from http import HTTPStatus

from inventory.worker import refusal


def test_a_refusal_is_a_problem() -> None:
    """No HTML, even for what is not HTTP; and the connection ends there."""
    head, body = refusal(HTTPStatus.BAD_REQUEST).split(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"Content-Type: application/problem+json" in head
    assert b"Connection: close" in head
    assert f"Content-Length: {len(body)}".encode() in head
    assert json.loads(body)["status"] == 400
