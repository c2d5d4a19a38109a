"""What is accepted and refused as a request body, and in which order faults are found."""

import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .answer import JSON, encoded
from .bodies import BAD, GOOD, GOOD_NUMBERS, MEBIBYTE, VALID, WIDGET, Bad, Good
from .problem import assert_problem, is_refused
from .routes import WRITES
from .service import Service
from .wire import Wire, in_chunks, request_head

STORED = ("Stored", "before", 3.5, False)
EXAMPLES = settings(
    max_examples=30,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
NO_SURROGATES = st.characters(exclude_categories=["Cs"], exclude_characters="\0")


def named(case: Bad | Good) -> str:
    """The name of a case in the names of tests."""
    return case.name


@pytest.mark.parametrize("bad", BAD, ids=named)
def test_bad_body_is_refused(service, bad):
    """Each route that takes an item refuses a bad one, names the fields, and stores nothing."""
    service.store(STORED)
    for method, path, _ in WRITES:
        answer = service.ask(method, path, bad.body, bad.content_type)
        assert_problem(answer, bad.status, bad.fields)
    assert service.rows() == [(1, *STORED)]


@pytest.mark.parametrize("good", GOOD, ids=named)
def test_good_body_is_accepted(service, good):
    """Each route that takes an item gives it back to the byte, and stores exactly that."""
    service.store(STORED)
    members = tuple(good.item.values())
    echoed, created, replaced = (
        service.ask(method, path, good.body, good.content_type)
        for method, path in (("POST", "/echo"), ("POST", "/items/"), ("PUT", "/items/1"))
    )
    assert (echoed.status, echoed.body) == (200, encoded(good.item))
    assert (created.status, created.body) == (201, encoded({"id": 2} | good.item))
    assert (replaced.status, replaced.body) == (200, encoded({"id": 1} | good.item))
    assert {echoed.content_type, created.content_type, replaced.content_type} == {JSON}
    assert service.rows() == [(1, *members), (2, *members)]
    assert service.ask("GET", "/items/2").body == created.body
    assert service.ask("GET", "/items/").body == b"[" + replaced.body + b"," + created.body + b"]"


@pytest.mark.parametrize("good", GOOD_NUMBERS, ids=named)
def test_number_keeps_its_value(service, good):
    """A price is read as the nearest double, stored as that, and written to be read back."""
    created = service.ask("POST", "/items/", good.body)
    assert created.status == 201, created
    assert created.json() == {"id": 1} | good.item
    assert isinstance(created.json()["price"], float)
    assert service.rows() == [(1, *good.item.values())]
    # Not compared by the byte: PostgreSQL has read a literal -0.0 as 0.
    assert service.ask("GET", "/items/1").json() == created.json()
    assert service.ask("POST", "/echo", good.body).json() == good.item


@EXAMPLES
@given(prices=st.lists(st.floats(0, 1e9), min_size=1, max_size=5))
def test_any_price_comes_back_as_the_same_number(service: Service, prices: list[float]):
    """Any double in range makes the way to the database and back without losing a bit."""
    for price in prices:
        item = service.create(price=price)
        assert isinstance(item["price"], float)
        assert item["price"] == price
        assert service.ask("GET", f"/items/{item['id']}").json() == item
    stored = service.execute("SELECT price FROM items ORDER BY id DESC LIMIT %s", len(prices))
    assert [price for (price,) in reversed(stored)] == prices


@EXAMPLES
@given(
    price=st.one_of(
        st.floats(max_value=0, exclude_max=True, allow_infinity=False).filter(bool),
        st.floats(min_value=1e9, exclude_min=True, allow_infinity=False),
        st.integers(max_value=-1),
        st.integers(min_value=10**9 + 1),
    )
)
def test_any_price_out_of_range_is_refused(service: Service, price: float):
    """Any number below 0 or above 1e9 is 422."""
    assert_problem(service.send("POST", "/echo", {"name": "n", "price": price}), 422, ["price"])


@EXAMPLES
@given(
    name=st.text(NO_SURROGATES, min_size=1, max_size=100),
    description=st.text(NO_SURROGATES, max_size=1000),
)
def test_any_string_is_kept_exactly(service: Service, name: str, description: str):
    """Any string without NUL and surrogates is stored and given back code point by code point."""
    item = service.create(name=name, description=description)
    assert (item["name"], item["description"]) == (name, description)
    assert service.ask("GET", f"/items/{item['id']}").json() == item
    stored = service.execute("SELECT name, description FROM items WHERE id = %s", item["id"])
    assert stored == [(name, description)]


# --- size


def padded(size: int) -> bytes:
    """A valid body of exactly this many bytes."""
    head, tail = b'{"name":"n","price":1,"padding":"', b'"}'
    return head + b"x" * (size - len(head) - len(tail)) + tail


@pytest.mark.parametrize("chunked", [False, True], ids=["with a length", "chunked"])
@pytest.mark.parametrize(("method", "path", "status"), WRITES)
def test_body_of_a_mebibyte_is_accepted(service, method, path, status, chunked):
    """A body of exactly 1 MiB is read, with and without a Content-Length."""
    service.store(STORED)
    body = padded(MEBIBYTE)
    answer = service.ask(method, path, [body[:70_000], body[70_000:]] if chunked else body)
    assert answer.status == status
    assert answer.json()["name"] == "n"


@pytest.mark.parametrize("content_type", [JSON, "text/plain", None])
@pytest.mark.parametrize("chunked", [False, True], ids=["with a length", "chunked"])
@pytest.mark.parametrize("size", [MEBIBYTE + 1, 5 * MEBIBYTE])
def test_larger_body_is_refused(service, size, chunked, content_type):
    """One byte more is 413, before its media type or content matter. Nothing is stored."""
    service.store(STORED)
    headers = (("Content-Type", content_type),) if content_type else ()
    for method, path, _ in WRITES:
        for body in (padded(size), b"x" * size):
            with Wire(service.base_url) as wire:
                length = (
                    ("Transfer-Encoding", "chunked") if chunked else ("Content-Length", str(size))
                )
                head = request_head(method, path, (("Host", wire.host), *headers, length))
                # All of it is sent before anything is read: a reset would be seen here.
                wire.send(head + (in_chunks(body) if chunked else body))
                assert_problem(wire.read(method), 413)
    assert service.rows() == [(1, *STORED)]


@pytest.mark.parametrize("chunked", [False, True], ids=["with a length", "chunked"])
def test_connection_survives_a_large_body(service, chunked):
    """After a 413 the connection is closed in order, or good for the next request."""
    length = ("Transfer-Encoding", "chunked") if chunked else ("Content-Length", str(5 * MEBIBYTE))
    body = b"x" * (5 * MEBIBYTE)
    with Wire(service.base_url) as wire:
        head = request_head("POST", "/echo", (("Host", wire.host), ("Content-Type", JSON), length))
        wire.send(head + (in_chunks(body) if chunked else body))
        answer = wire.read("POST")
        assert_problem(answer, 413)
        if answer.headers.get("connection", "").lower() != "close":
            assert wire.ask("GET", "/ping").status == 200
    assert service.ask("GET", "/ping").status == 200


@pytest.mark.parametrize("length", [10 * 1024**3, 2**63, 2**64 - 1, 2**64])
@pytest.mark.parametrize(("method", "path", "_"), WRITES)
def test_announced_body_is_refused_at_once(service, method, path, _, length):
    """A length beyond the limit is 413 without waiting for the body, and blocks nobody."""
    service.store(STORED)
    with Wire(service.base_url) as wire:
        headers = (("Host", wire.host), ("Content-Type", JSON), ("Content-Length", str(length)))
        wire.send(request_head(method, path, headers) + VALID)
        answer = wire.read_while_sending(method)
        # A server may be unable to count beyond 64 bits.
        if length < 2**64 or not is_refused(answer):
            assert_problem(answer, 413)
        assert service.ask("GET", "/ping").status == 200
    assert service.rows() == [(1, *STORED)]


def test_announced_body_is_not_waited_for_elsewhere(service):
    """An unknown path and a wrong method are told at once as well."""
    for method, path, status in (("POST", "/nope", 404), ("PATCH", "/items/", 405)):
        with Wire(service.base_url) as wire:
            length = ("Content-Length", str(10 * 1024**3))
            wire.send(request_head(method, path, (("Host", wire.host), length)) + VALID)
            assert_problem(wire.read_while_sending(method), status)


def test_ordinary_client_gets_the_413(service):
    """A client library that sends 5 MiB gets the answer, and its next request works."""
    for body in (padded(5 * MEBIBYTE), [padded(5 * MEBIBYTE)]):
        assert_problem(service.ask("POST", "/items/", body), 413)
        assert service.ask("POST", "/echo", VALID).status == 200


def test_chunked_body_is_read(service):
    """A body in chunks, without a length, is a body like any other."""
    answer = service.ask("POST", "/items/", [VALID[:5], VALID[5:20], VALID[20:]])
    assert (answer.status, answer.json()) == (201, {"id": 1} | WIDGET)


def test_chunked_body_that_is_empty(service):
    """Chunks that hold nothing are an empty body."""
    for content_type in (JSON, None):
        headers = (("Content-Type", content_type),) if content_type else ()
        with Wire(service.base_url) as wire:
            chunked = (*headers, ("Transfer-Encoding", "chunked"))
            assert_problem(wire.ask("POST", "/items/", chunked, in_chunks(b"")), 400)


def test_body_that_comes_slowly(service):
    """A body that arrives in pieces is put together."""
    with Wire(service.base_url) as wire:
        headers = (("Host", wire.host), ("Content-Type", JSON), ("Content-Length", str(len(VALID))))
        wire.send(request_head("POST", "/echo", headers))
        for byte in VALID:
            wire.send(bytes([byte]))
        assert wire.read("POST").json() == WIDGET


def test_no_body_at_all(service):
    """A write without a body and without a length is 400."""
    for method, path, _ in WRITES:
        with Wire(service.base_url) as wire:
            assert_problem(wire.ask(method, path), 400)
        with Wire(service.base_url) as wire:
            assert_problem(wire.ask(method, path, (("Content-Type", JSON),)), 400)


# --- the order of faults


LARGE = b"x" * (MEBIBYTE + 1)


@pytest.mark.parametrize(
    ("method", "path", "body", "content_type", "status", "fields"),
    [
        pytest.param("POST", "/nope", LARGE, "text/plain", 404, (), id="path before size"),
        pytest.param("PUT", "/items/x", LARGE, "text/plain", 404, (), id="id before size"),
        pytest.param("PATCH", "/items/x", b"{", JSON, 404, (), id="id before method"),
        pytest.param("PATCH", "/items/", LARGE, "text/plain", 405, (), id="method before size"),
        pytest.param("PUT", "/items/", b"{", "text/plain", 405, (), id="method before type"),
        pytest.param("POST", "/items/1", b"{", JSON, 405, (), id="method before JSON"),
        pytest.param("PATCH", "/items/99", b"{}", JSON, 405, (), id="method before unknown item"),
        pytest.param("POST", "/items/", LARGE, "text/plain", 413, (), id="size before type"),
        pytest.param("POST", "/items/", LARGE, JSON, 413, (), id="size before JSON"),
        pytest.param("PUT", "/items/99", LARGE, JSON, 413, (), id="size before unknown item"),
        pytest.param("POST", "/items/", b"{", "text/plain", 415, (), id="type before JSON"),
        pytest.param("PUT", "/items/99", VALID, "text/plain", 415, (),
                     id="type before unknown item"),
        pytest.param("PUT", "/items/99", b"{", JSON, 400, (), id="JSON before unknown item"),
        pytest.param("PUT", "/items/99", b"", JSON, 400, (), id="no body before unknown item"),
        pytest.param("POST", "/items/", b'{"name":1,', JSON, 400, (), id="JSON before values"),
        pytest.param("PUT", "/items/99", b'{"name":""}', JSON, 422, ("name", "price"),
                     id="values before unknown item"),
        pytest.param("PUT", "/items/99", b"[]", JSON, 422, ("body",),
                     id="no object before unknown item"),
        pytest.param("PUT", "/items/99", VALID, JSON, 404, (), id="unknown item"),
        pytest.param("PATCH", f"/items/{2**64}", b"{", JSON, 405, (), id="method before huge id"),
        pytest.param("PUT", f"/items/{2**64}", LARGE, JSON, 413, (), id="size before huge id"),
        pytest.param("PUT", f"/items/{2**64}", VALID, None, 415, (), id="type before huge id"),
        pytest.param("PUT", f"/items/{2**64}", b"{", JSON, 400, (), id="JSON before huge id"),
        pytest.param("PUT", f"/items/{2**64}", b"{}", JSON, 422, ("name", "price"),
                     id="values before huge id"),
    ],
)  # fmt: skip
def test_first_fault_decides(service, method, path, body, content_type, status, fields):
    """With several faults at once, the answer is the first in the contract's order."""
    service.store(STORED)
    assert_problem(service.ask(method, path, body, content_type), status, fields)
    assert service.rows() == [(1, *STORED)]


def test_price_of_an_answer_is_finite(service):
    """The largest and the smallest price come back as finite floats."""
    for price in (0, 1e9):
        value = service.create(price=price)["price"]
        assert isinstance(value, float)
        assert math.isfinite(value)
