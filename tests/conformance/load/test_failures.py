"""Every way in which a request can fail is counted, with its reason, and never tried again."""

import socket
import threading
from collections.abc import Callable

import pytest

from bench.load.generator import Generator
from bench.model import ClosedLoop, LoadResult, LoadSpec, OpenLoop, Share

from .conftest import BadServer, Behave, answer, reset

PONG = answer("200 OK", b'{"status":"ok"}')
Start = Callable[[Behave], BadServer]


def ping(base_url: str, requests: int = 6, timeout_s: float = 30.0) -> LoadSpec:
    shares = (Share("ping"),)
    return LoadSpec(base_url, shares, ClosedLoop(2), 1, requests=requests, timeout_s=timeout_s)


def measured(generator: Generator, spec: LoadSpec) -> LoadResult:
    generator.prepare(spec)
    generator.go()
    return generator.collect()


def say(data: bytes, *, stay: bool = True) -> Behave:
    def behave(connection: socket.socket, number: int) -> bool:
        connection.sendall(data)
        return stay

    return behave


TRUNCATED = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"


@pytest.mark.parametrize(
    ("behave", "reason"),
    [
        (say(answer("500 Internal Server Error", b"oops")), "status 500"),
        (say(answer("404 Not Found", b"{}")), "status 404"),
        (say(answer("302 Found", b"")), "status 302"),
        (say(answer("200 OK", b'{"status":"bad"}')), "wrong body"),
        (say(answer("200 OK", b"")), "wrong body"),
        (say(b"", stay=False), "connection closed"),
        (say(TRUNCATED, stay=False), "connection closed"),
        (lambda connection, number: reset(connection), "connection reset"),
        (say(b"this is no HTTP at all\r\n\r\n"), "malformed answer"),
    ],
)
def test_bad_answers(generator: Generator, bad_server: Start, behave: Behave, reason: str) -> None:
    """Each kind of bad answer is a failure with its own reason, and none is asked for twice."""
    server = bad_server(behave)
    result = measured(generator, ping(server.base_url))
    assert result.failures == {reason: 6}
    assert (result.succeeded, result.latency) == (0, {})
    assert server.requests == 6


@pytest.mark.parametrize("sent", [b"", TRUNCATED], ids=["nothing", "half an answer"])
def test_an_answer_that_does_not_come(generator: Generator, bad_server: Start, sent: bytes) -> None:
    """Silence, also in the middle of an answer, is a timeout."""
    server = bad_server(say(sent))
    result = measured(generator, ping(server.base_url, timeout_s=0.3))
    assert result.failures == {"timeout": 6}
    assert server.requests == 6


def test_nobody_listens(generator: Generator) -> None:
    """A refused connection is a failure for each request, and no connection is counted."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    result = measured(generator, ping(f"http://127.0.0.1:{port}"))
    assert result.failures == {"connection refused": 6}
    assert result.connections_opened == 0


def test_a_reset_of_a_kept_connection_is_not_hidden_by_a_second_try(
    generator: Generator, bad_server: Start
) -> None:
    """A request that a reset has lost is not sent again in silence."""

    def behave(connection: socket.socket, number: int) -> bool:
        if number == 1:
            return reset(connection)
        connection.sendall(PONG)
        return True

    server = bad_server(behave)
    result = measured(generator, ping(server.base_url, requests=20))
    assert set(result.failures) <= {"connection reset", "connection closed"}
    assert result.failed >= 9
    assert result.succeeded + result.failed == 20
    # A second try would have arrived as one more request.
    assert server.requests == 20


def test_failures_among_successes(generator: Generator, bad_server: Start) -> None:
    """Failures and successes of one window are counted apart."""
    counted = threading.Lock()
    answered = 0

    def behave(connection: socket.socket, number: int) -> bool:
        nonlocal answered
        with counted:
            answered += 1
            fails = answered % 3 == 0
        connection.sendall(answer("503 Busy", b"") if fails else PONG)
        return True

    result = measured(generator, ping(bad_server(behave).base_url, requests=30))
    assert result.failures == {"status 503": 10}
    assert result.succeeded == result.latency["ping"].count == 20
    # Connections outlive an answer that is wrong but whole.
    assert result.connections_opened == 2


def test_a_connection_that_the_server_ends_after_each_answer_is_opened_again(
    generator: Generator, bad_server: Start
) -> None:
    """`Connection: close` is no failure; each new connection is counted."""
    closing = PONG.replace(b"\r\n", b"\r\nConnection: close\r\n", 1)
    server = bad_server(say(closing, stay=False))
    result = measured(generator, ping(server.base_url, requests=10))
    assert (result.succeeded, result.failed) == (10, 0)
    assert result.connections_opened == 10


def test_what_a_stuck_server_leaves_unsent_is_counted(generator: Generator) -> None:
    """Requests that were due and could not be sent are told, not forgotten."""
    # The kernel accepts connections up to the backlog; nobody ever answers.
    with socket.create_server(("127.0.0.1", 0), backlog=4096) as listener:
        base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        spec = LoadSpec(
            base_url, (Share("ping"),), OpenLoop(4000), 1, duration_s=0.5, timeout_s=1.0
        )
        result = measured(generator, spec)
    assert result.lateness is not None
    assert set(result.failures) == {"timeout"}
    assert result.lateness.unsent > 0
    assert result.failed + result.lateness.unsent == 2000
