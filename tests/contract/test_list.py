"""The list: order, limit and offset."""

import pytest

from .answer import JSON, assert_item, encoded
from .problem import assert_client_problem, assert_exact_problem, assert_problem
from .service import Service

# Refused by every target.
NO_NUMBERS = ("", "abc", "-1", "5.5", "1e2", "0x5", "5,5", "%00", "5%00", "%ff", "null", "true",
              "[5]", "%225%22", "NaN", "Infinity")  # fmt: skip
# What some parser takes for a 5 or a 0; a strict target takes nothing but ASCII digits.
NEARLY_NUMBERS = {
    "-0": 0,
    "%2B5": 5,
    "+5": 5,
    "%205": 5,
    "5%20": 5,
    "5%0A": 5,
    "5.0": 5,
    "1_0": 10,
    "%D9%A5": 5,  # an Arabic five
    "%EF%BC%95": 5,  # a fullwidth five
    "%C2%B2": 2,  # a superscript two
}
LARGE = (str(2**63), str(2**64 + 1), "9" * 400)
LARGEST = "9" * 5_000  # a server may find the line too long


def store_150(service: Service) -> None:
    """150 items, put in so that the order by id is not the order in the table."""
    service.execute(
        "INSERT INTO items SELECT n, 'Item ' || n, '', n, n % 2 = 0"
        " FROM generate_series(150, 1, -1) AS n"
    )


def ids(service: Service, query: str) -> list[int]:
    """The ids that a query gives, from both forms of the path."""
    first, second = (service.ask("GET", f"{path}{query}") for path in ("/items", "/items/"))
    assert first.status == second.status == 200
    assert first.body == second.body
    return [item["id"] for item in first.json()]


def test_empty_table_is_an_empty_list(core_service):
    """No items: an empty JSON array, and no problem."""
    answer = core_service.ask("GET", "/items/")
    assert (answer.status, answer.media_type, answer.json()) == (200, JSON, [])


def test_list_has_whole_items(core_service):
    """The list holds each item with all its members."""
    core_service.store(("B\u00e9", "x", 10, True), ("a", "", 0.5, False))
    first, second = core_service.ask("GET", "/items/").json()
    assert_item(
        first, {"id": 1, "name": "B\u00e9", "description": "x", "price": 10, "in_stock": True}
    )
    assert_item(second, {"id": 2, "name": "a", "description": "", "price": 0.5, "in_stock": False})


def test_list_is_compact_json_in_member_order(strict_service):
    """The list is compact UTF-8 JSON, with members in their order and prices as floats."""
    assert strict_service.ask("GET", "/items/").body == b"[]"
    strict_service.store(("B\u00e9", "x", 10, True), ("a", "", 0.5, False))
    assert strict_service.ask("GET", "/items/").body == encoded([
        {"id": 1, "name": "B\u00e9", "description": "x", "price": 10.0, "in_stock": True},
        {"id": 2, "name": "a", "description": "", "price": 0.5, "in_stock": False},
    ])  # fmt: skip


def test_list_is_ordered_by_id(service):
    """The first 100 items by id come when nothing is asked for, also after an update, which moves
    a row inside the table."""
    store_150(service)
    assert ids(service, "") == list(range(1, 101))
    service.send("PUT", "/items/1", {"name": "moved", "price": 1})
    assert ids(service, "?limit=3") == [1, 2, 3]


PAGES = {
    "?limit=1": range(1, 2),
    "?limit=100": range(1, 101),
    "?limit=120": range(1, 121),
    "?limit=1000": range(1, 151),
    "?limit=0005": range(1, 6),
    "?offset=0": range(1, 101),
    "?offset=100": range(101, 151),
    "?offset=00100": range(101, 151),
    "?limit=7&offset=140": range(141, 148),
    "?offset=140&limit=20": range(141, 151),
    "?offset=150": (),
    "?offset=9223372036854775807": (),
    "?limit=1000&offset=9223372036854775807": (),
    "?": range(1, 101),
    "?limit=%32": range(1, 3),
}


def test_limit_and_offset(service, each):
    """Limit and offset choose the page; past the end it is empty."""
    store_150(service)
    for query, expected in PAGES.items():
        with each(query):
            assert ids(service, query) == list(expected)


def test_the_last_of_several_limits_counts(strict_service):
    """A parameter that is given twice has its last value."""
    store_150(strict_service)
    assert ids(strict_service, "?limit=x&limit=2") == [1, 2]


OTHERS = (
    "?x=1", "?LIMIT=0", "?limits=0", "?page=2", "?format=xml", "?ordering=-id", "?search=x",
    "?limit[]=0", "?id=5", "?%ff=%ff", "?&&=&", "?%00=1", "?cursor=zzz", "?callback=f",
)  # fmt: skip


def test_other_parameters_are_ignored(strict_service, each):
    """A parameter that the contract does not know changes nothing."""
    store_150(strict_service)
    for query in OTHERS:
        with each(query):
            assert ids(strict_service, query) == list(range(1, 101))


def test_other_parameters_do_no_harm(core_service, each):
    """A parameter that means nothing is ignored; one that a framework knows may be refused."""
    store_150(core_service)
    for query in ("?x=1", "?limits=0", "?id=5"):
        assert ids(core_service, query) == list(range(1, 101))
    for query in OTHERS:
        with each(query):
            answer = core_service.ask("GET", f"/items/{query}")
            if answer.status == 200:
                assert [item["id"] for item in answer.json()] == list(range(1, 101))
            else:
                assert_client_problem(answer)


def test_limit_and_offset_that_are_no_numbers(core_service, each):
    """What is no number is 422 on the parameter, and so is one without an equals sign."""
    for name in ("limit", "offset"):
        for text in NO_NUMBERS:
            with each(f"{name}={text}"):
                assert_problem(core_service.ask("GET", f"/items/?{name}={text}"), 422, [name])
    assert_problem(core_service.ask("GET", "/items/?limit"), 422, ["limit"])
    assert_problem(core_service.ask("GET", "/items?limit=x"), 422, ["limit"])


def test_limit_and_offset_are_ascii_digits(strict_service, each):
    """Anything but ASCII digits is 422 on the parameter."""
    for name in ("limit", "offset"):
        for text in (*NO_NUMBERS, *NEARLY_NUMBERS):
            with each(f"{name}={text}"):
                answer = strict_service.ask("GET", f"/items/?{name}={text}")
                assert_exact_problem(answer, 422, [name])
    for query in ("limit", "limit=x"):
        assert_exact_problem(strict_service.ask("GET", f"/items?{query}"), 422, ["limit"])


def test_limit_that_is_nearly_a_number(core_service, each):
    """What a parser may take for a number is refused, or gives the page that is meant."""
    store_150(core_service)
    for text, number in NEARLY_NUMBERS.items():
        with each(text):
            answer = core_service.ask("GET", f"/items/?limit={text}")
            if answer.status == 200:
                assert [item["id"] for item in answer.json()] == list(range(1, number + 1))
            else:
                assert_problem(answer, 422, ["limit"])


def test_limit_and_offset_out_of_range(service, each):
    """A limit below 1 or above 1000 is 422, and so is an offset beyond 64 bits."""
    for text in ("0", "00", "1001", str(2**31), str(2**32 + 1), *LARGE):
        with each(f"limit={text[:25]}"):
            assert_problem(service.ask("GET", f"/items/?limit={text}"), 422, ["limit"])
    for text in LARGE:
        with each(f"offset={text[:25]}"):
            assert_problem(service.ask("GET", f"/items/?offset={text}"), 422, ["offset"])


@pytest.mark.parametrize("name", ["limit", "offset"])
def test_number_of_5000_digits(strict_service, name):
    """A number of thousands of digits is out of range like any other."""
    answer = strict_service.ask("GET", f"/items/?{name}={LARGEST}")
    assert_exact_problem(answer, 422, [name])


def test_both_faults_are_reported(strict_service, each):
    """When both are wrong both are reported, limit first, whatever their order in the query."""
    for query in ("limit=0&offset=-1", "offset=x&limit=x", "offset=&limit="):
        with each(query):
            answer = strict_service.ask("GET", f"/items/?{query}")
            assert_exact_problem(answer, 422, ["limit", "offset"])


def test_parameters_of_the_list_mean_nothing_elsewhere(service):
    """Limit and offset are ignored where nothing is listed."""
    service.store(("n", "", 1.0, True))
    assert service.ask("GET", "/items/1?limit=x&offset=x").status == 200
    assert service.ask("GET", "/ping?limit=0").status == 200
    assert service.send("POST", "/items/?limit=0", {"name": "n", "price": 1}).status == 201
