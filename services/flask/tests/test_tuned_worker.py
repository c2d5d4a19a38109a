"""What Gunicorn answers by itself."""

import json
import logging
import socket

import pytest
from gunicorn.config import Config
from gunicorn.http.errors import InvalidHeader, InvalidResponseHeader
from inventory.tuned.worker import ProblemWorker


@pytest.fixture
def worker() -> ProblemWorker:
    """A worker that serves nobody; its log is a plain logger."""
    return ProblemWorker(1, 1, [], None, 30, Config(), logging.getLogger("worker"))


def written(worker: ProblemWorker, req: object, error: Exception) -> bytes:
    """What a client gets when its request ends in this error."""
    ours, theirs = socket.socketpair()
    with theirs:
        with ours:
            worker.handle_error(req, ours, ("127.0.0.1", 1), error)
        return theirs.recv(10_000)


def test_a_refusal_is_a_problem(worker: ProblemWorker) -> None:
    """No HTML, even for what is not HTTP; and the connection ends there."""
    head, body = written(worker, None, InvalidHeader("x")).split(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"Content-Type: application/problem+json" in head
    assert b"Connection: close" in head
    assert f"Content-Length: {len(body)}".encode() in head
    assert json.loads(body)["detail"] == "The request is not valid HTTP."


def test_an_answered_request_gets_no_second_answer(worker: ProblemWorker) -> None:
    """The rest of its body may be broken, but the client has its answer."""
    assert written(worker, object(), InvalidHeader("x")) == b""


def test_a_fault_of_the_service_is_not_the_clients(worker: ProblemWorker) -> None:
    """Gunicorn calls a bad header of an answer a parse error as well."""
    assert written(worker, None, InvalidResponseHeader("x")).startswith(b"HTTP/1.1 500 ")
