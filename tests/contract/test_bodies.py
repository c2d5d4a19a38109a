"""What is accepted and refused as a request body."""

import math

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .answer import JSON, assert_item, encoded
from .bodies import (
    BAD,
    GOOD,
    GOOD_NUMBERS,
    SAMPLE_OF_BAD,
    SAMPLE_OF_GOOD,
    VALID,
    WIDGET,
)
from .levels import CORE
from .problem import assert_exact_problem, assert_problem
from .routes import WRITES
from .service import Service
from .wire import Wire, in_chunks, request_head

STORED = ("Stored", "before", 3.5, False)
# Few, and several values in each: it is the requests that find something, and nobody waits long.
EXAMPLES = settings(
    max_examples=8,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
NO_SURROGATES = st.characters(exclude_categories=["Cs"], exclude_characters="\0")


def test_bad_bodies_are_refused(core_service, each):
    """A route that takes an item refuses a bad one, names the fields, and stores nothing."""
    core_service.store(STORED)
    for bad in BAD:
        if bad.level != CORE:
            continue
        with each(bad.name):
            for method, path, _ in WRITES if bad in SAMPLE_OF_BAD else WRITES[:1]:
                answer = core_service.ask(method, path, bad.body, bad.content_type)
                assert_problem(answer, bad.status, bad.fields)
            assert core_service.rows() == [(1, *STORED)]


def test_bad_bodies_are_refused_exactly(strict_service, each):
    """In the contract's own words, with the fields in its order, and whatever might be converted
    is refused as well."""
    strict_service.store(STORED)
    for bad in BAD:
        with each(bad.name):
            for method, path, _ in WRITES if bad in SAMPLE_OF_BAD else WRITES[:1]:
                answer = strict_service.ask(method, path, bad.body, bad.content_type)
                assert_exact_problem(answer, bad.status, bad.fields)
            assert strict_service.rows() == [(1, *STORED)]


def test_good_bodies_are_accepted(core_service, each):
    """A route that takes an item gives it back, and stores exactly that."""
    for good in GOOD:
        with each(good.name):
            core_service.empty()
            core_service.store(STORED)
            created, replaced = (
                core_service.ask(method, path, good.body, good.content_type)
                for method, path in (("POST", "/items/"), ("PUT", "/items/1"))
            )
            assert (created.status, replaced.status) == (201, 200), created.body
            assert {created.media_type, replaced.media_type} == {JSON}
            assert_item(created.json(), {"id": 2} | good.item)
            assert_item(replaced.json(), {"id": 1} | good.item)
            members = tuple(good.item.values())
            assert core_service.rows() == [(1, *members), (2, *members)]
            assert_item(core_service.ask("GET", "/items/2").json(), {"id": 2} | good.item)
    for good in SAMPLE_OF_GOOD:
        with each(f"{good.name}, as an echo"):
            echoed = core_service.ask("POST", "/echo", good.body, good.content_type)
            assert (echoed.status, echoed.media_type) == (200, JSON)
            assert_item(echoed.json(), good.item)


def test_good_bodies_are_answered_to_the_byte(strict_service, each):
    """Each route gives an item back in the bytes of the contract, and stores exactly that."""
    strict_service.store(STORED)
    stored = {}
    for good in GOOD:
        with each(good.name):
            created = strict_service.ask("POST", "/items/", good.body, good.content_type)
            assert created.status == 201
            number = created.json()["id"]
            members = tuple(good.item.values())
            stored |= {1: (1, *members), number: (number, *members)}
            answers = [
                created,
                strict_service.ask("GET", f"/items/{number}"),
                strict_service.ask("PUT", "/items/1", good.body, good.content_type),
            ]
            wanted = [encoded({"id": id_} | good.item) for id_ in (number, number, 1)]
            assert [answer.body for answer in answers] == wanted
            assert {answer.content_type for answer in answers} == {JSON}
    for good in SAMPLE_OF_GOOD:
        with each(f"{good.name}, as an echo"):
            echoed = strict_service.ask("POST", "/echo", good.body, good.content_type)
            assert (echoed.status, echoed.content_type) == (200, JSON)
            assert echoed.body == encoded(good.item)
    assert strict_service.rows() == list(stored.values())
    items = [dict(zip(("id", *WIDGET), row, strict=True)) for row in stored.values()]
    assert strict_service.ask("GET", "/items/?limit=1000").body == encoded(items)


def test_numbers_keep_their_value(service, each):
    """A price is read as the nearest double, stored as that, and written to be read back."""
    for number, good in enumerate(GOOD_NUMBERS, 1):
        with each(good.name):
            created = service.ask("POST", "/items/", good.body)
            assert created.status == 201, created
            assert_item(created.json(), {"id": number} | good.item)
            # Equal, though PostgreSQL has read a literal -0.0 as 0.
            assert_item(service.ask("GET", f"/items/{number}").json(), {"id": number} | good.item)
    assert [row[1:] for row in service.rows()] == [
        tuple(good.item.values()) for good in GOOD_NUMBERS
    ]


def test_price_is_always_written_as_a_float(strict_service):
    """10 comes back as 10.0, and so does any other whole number."""
    for price in (0, 1, 10, 10**9):
        value = strict_service.create(price=price)["price"]
        assert isinstance(value, float)
        assert math.isfinite(value)


@EXAMPLES
@given(prices=st.lists(st.floats(0, 1e9), min_size=5, max_size=5))
def test_any_price_comes_back_as_the_same_number(service: Service, prices: list[float]):
    """Any double in range makes the way to the database and back without losing a bit."""
    ids = []
    for price in prices:
        item = service.create(price=price)
        assert item["price"] == price
        ids.append(item["id"])
    listed = service.ask("GET", "/items/?limit=1000").json()
    assert [item["price"] for item in listed if item["id"] in ids] == prices
    stored = service.execute("SELECT price FROM items ORDER BY id DESC LIMIT %s", len(prices))
    assert [price for (price,) in reversed(stored)] == prices


@EXAMPLES
@given(
    prices=st.lists(
        st.one_of(
            st.floats(max_value=0, exclude_max=True, allow_infinity=False).filter(bool),
            st.floats(min_value=1e9, exclude_min=True, allow_infinity=False),
            # Beyond that many, a number is no double any more.
            st.integers(min_value=-(10**300), max_value=-1),
            st.integers(min_value=10**9 + 1, max_value=10**300),
        ),
        min_size=5,
        max_size=5,
    )
)
def test_any_price_out_of_range_is_refused(service: Service, prices: list[float]):
    """Any number below 0 or above 1e9 is 422."""
    for price in prices:
        assert_problem(service.send("POST", "/echo", {"name": "n", "price": price}), 422, ["price"])


@EXAMPLES
@given(
    strings=st.lists(
        st.tuples(
            st.text(NO_SURROGATES, min_size=1, max_size=100), st.text(NO_SURROGATES, max_size=1000)
        ),
        min_size=3,
        max_size=3,
    )
)
def test_any_string_is_kept_exactly(service: Service, strings: list[tuple[str, str]]):
    """Any string without NUL and surrogates is stored and given back code point by code point."""
    for name, description in strings:
        item = service.create(name=name, description=description)
        assert (item["name"], item["description"]) == (name, description)
        assert service.ask("GET", f"/items/{item['id']}").json() == item
    stored = service.execute(
        "SELECT name, description FROM items ORDER BY id DESC LIMIT %s", len(strings)
    )
    assert stored[::-1] == strings


# --- how a body comes


def test_body_that_comes_slowly(service):
    """A body that arrives in pieces is put together."""
    with Wire(service.base_url) as wire:
        headers = (("Host", wire.host), ("Content-Type", JSON), ("Content-Length", str(len(VALID))))
        wire.send(request_head("POST", "/echo", headers))
        for byte in VALID:
            wire.send(bytes([byte]))
        assert_item(wire.read().json(), WIDGET)


def test_chunked_body_is_read(strict_service):
    """A body in chunks, without a length, is a body like any other."""
    answer = strict_service.ask("POST", "/items/", [VALID[:5], VALID[5:20], VALID[20:]])
    assert (answer.status, answer.json()) == (201, {"id": 1} | WIDGET)


def test_chunked_body_that_is_empty(strict_service):
    """Chunks that hold nothing are an empty body."""
    for content_type in (JSON, None):
        headers = (("Content-Type", content_type),) if content_type else ()
        with Wire(strict_service.base_url) as wire:
            chunked = (*headers, ("Transfer-Encoding", "chunked"))
            assert_exact_problem(wire.ask("POST", "/items/", chunked, in_chunks(b"")), 400)


def test_no_body_at_all(strict_service):
    """A write without a body and without a length is 400."""
    for method, path, _ in WRITES:
        with Wire(strict_service.base_url) as wire:
            assert_exact_problem(wire.ask(method, path), 400)
        with Wire(strict_service.base_url) as wire:
            assert_exact_problem(wire.ask(method, path, (("Content-Type", JSON),)), 400)
