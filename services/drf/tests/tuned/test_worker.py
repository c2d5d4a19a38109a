"""What Gunicorn answers when a request never becomes one."""

import json
import logging
import socket

import pytest
from gunicorn.config import Config
from gunicorn.http import errors

from config.tuned.worker import ProblemWorker


def answer(request: object, error: Exception) -> bytes:
    worker = ProblemWorker(1, 1, [], None, 30, Config(), logging.getLogger("worker"))
    server_end, client_end = socket.socketpair()
    with client_end:
        with server_end:
            worker.handle_error(request, server_end, ("127.0.0.1", 1), error)
        return client_end.recv(10_000)


@pytest.mark.parametrize(
    "error",
    [
        errors.InvalidRequestMethod("get"),
        errors.InvalidHeader("CONTENT-LENGTH"),
        errors.UnsupportedTransferCoding("x"),
        errors.LimitRequestLine(9000, 8190),
        errors.ExpectationFailed("x"),
    ],
)
def test_a_refusal_is_a_problem(error: Exception) -> None:
    """What is no HTTP is answered with a whole problem of status 400."""
    head, _, body = answer(None, error).decode().partition("\r\n\r\n")
    status, *headers = head.split("\r\n")
    assert status == "HTTP/1.1 400 Bad Request"
    assert "Content-Type: application/problem+json" in headers
    assert f"Content-Length: {len(body)}" in headers
    assert json.loads(body) == {
        "type": "about:blank",
        "title": "Bad Request",
        "status": 400,
        "detail": "The request is not valid HTTP.",
    }


def test_nothing_follows_an_answer() -> None:
    """A request that was answered already gets no second answer."""
    assert answer(object(), errors.InvalidChunkSize("x")) == b""


@pytest.mark.parametrize("error", [errors.InvalidResponseHeader("x"), RuntimeError()])
def test_a_fault_of_this_side_is_a_500(error: Exception) -> None:
    """A wrong header of the service's own is not blamed on the client."""
    assert answer(None, error).startswith(b"HTTP/1.1 500 ")
