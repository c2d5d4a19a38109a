"""The largest body: 1 MiB at the strict level, and no harm from a larger one at any."""

import httpx
import pytest

from .answer import JSON
from .bodies import MEBIBYTE, VALID
from .problem import assert_client_problem, assert_exact_problem, is_refused
from .routes import WRITES
from .wire import Wire, in_chunks, request_head

STORED = ("Stored", "before", 3.5, False)


def padded(size: int) -> bytes:
    """A valid body of exactly this many bytes."""
    head, tail = b'{"name":"n","price":1,"padding":"', b'"}'
    return head + b"x" * (size - len(head) - len(tail)) + tail


@pytest.mark.parametrize("chunked", [False, True], ids=["with a length", "chunked"])
@pytest.mark.parametrize(("method", "path", "status"), WRITES)
def test_body_of_a_mebibyte_is_accepted(strict_service, method, path, status, chunked):
    """A body of exactly 1 MiB is read, with and without a Content-Length."""
    strict_service.store(STORED)
    body = padded(MEBIBYTE)
    answer = strict_service.ask(method, path, [body[:70_000], body[70_000:]] if chunked else body)
    assert answer.status == status
    assert answer.json()["name"] == "n"


@pytest.mark.parametrize("content_type", [JSON, "text/plain", None])
@pytest.mark.parametrize("chunked", [False, True], ids=["with a length", "chunked"])
@pytest.mark.parametrize("size", [MEBIBYTE + 1, 5 * MEBIBYTE])
def test_larger_body_is_refused(strict_service, size, chunked, content_type):
    """One byte more is 413, before its media type or content matter. Nothing is stored."""
    strict_service.store(STORED)
    headers = (("Content-Type", content_type),) if content_type else ()
    for method, path, _ in WRITES:
        for body in (padded(size), b"x" * size):
            with Wire(strict_service.base_url) as wire:
                length = (
                    ("Transfer-Encoding", "chunked") if chunked else ("Content-Length", str(size))
                )
                head = request_head(method, path, (("Host", wire.host), *headers, length))
                # All of it is sent before anything is read: a reset would be seen here.
                wire.send(head + (in_chunks(body) if chunked else body))
                assert_exact_problem(wire.read(method), 413)
    assert strict_service.rows() == [(1, *STORED)]


@pytest.mark.parametrize("chunked", [False, True], ids=["with a length", "chunked"])
def test_connection_survives_a_large_body(strict_service, chunked):
    """After a 413 the connection is closed in order, or good for the next request."""
    length = ("Transfer-Encoding", "chunked") if chunked else ("Content-Length", str(5 * MEBIBYTE))
    body = b"x" * (5 * MEBIBYTE)
    with Wire(strict_service.base_url) as wire:
        head = request_head("POST", "/echo", (("Host", wire.host), ("Content-Type", JSON), length))
        wire.send(head + (in_chunks(body) if chunked else body))
        answer = wire.read("POST")
        assert_exact_problem(answer, 413)
        if answer.headers.get("connection", "").lower() != "close":
            assert wire.ask("GET", "/ping").status == 200
    assert strict_service.ask("GET", "/ping").status == 200


@pytest.mark.parametrize("length", [10 * 1024**3, 2**63, 2**64 - 1, 2**64])
@pytest.mark.parametrize(("method", "path", "_"), WRITES)
def test_announced_body_is_refused_at_once(strict_service, method, path, _, length):
    """A length beyond the limit is 413 without waiting for the body, and blocks nobody."""
    strict_service.store(STORED)
    with Wire(strict_service.base_url) as wire:
        headers = (("Host", wire.host), ("Content-Type", JSON), ("Content-Length", str(length)))
        wire.send(request_head(method, path, headers) + VALID)
        answer = wire.read_while_sending(method)
        # A server may be unable to count beyond 64 bits.
        if length < 2**64 or not is_refused(answer):
            assert_exact_problem(answer, 413)
        assert strict_service.ask("GET", "/ping").status == 200
    assert strict_service.rows() == [(1, *STORED)]


def test_announced_body_is_not_waited_for_elsewhere(strict_service):
    """An unknown path and a wrong method are told at once as well."""
    for method, path, status in (("POST", "/nope", 404), ("PATCH", "/items/", 405)):
        with Wire(strict_service.base_url) as wire:
            length = ("Content-Length", str(10 * 1024**3))
            wire.send(request_head(method, path, (("Host", wire.host), length)) + VALID)
            assert_exact_problem(wire.read_while_sending(method), status)


def test_ordinary_client_gets_the_413(strict_service):
    """A client library that sends 5 MiB gets the answer, and its next request works."""
    # The environment's proxies are not asked: everything is on this machine.
    with httpx.Client(base_url=strict_service.base_url, timeout=60, trust_env=False) as client:
        for body in (padded(5 * MEBIBYTE), [padded(5 * MEBIBYTE)]):
            answer = client.post("/items/", content=body, headers={"Content-Type": JSON})
            assert answer.status_code == 413
            assert client.post("/echo", content=VALID, headers={"Content-Type": JSON}).is_success


@pytest.mark.parametrize("chunked", [False, True], ids=["with a length", "chunked"])
def test_large_body_does_no_harm(service, chunked):
    """5 MiB are refused, or mean the item that they hold."""
    service.store(STORED)
    body = padded(5 * MEBIBYTE)
    answer = service.ask("POST", "/items/", [body] if chunked else body)
    stored = service.rows()[1:]
    if answer.status == 201:
        assert [row[1:] for row in stored] == [("n", "", 1.0, True)]
    else:
        assert_client_problem(answer)
        assert stored == []
    assert service.ask("GET", "/ping").status == 200
