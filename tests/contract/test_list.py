"""The list: order, limit and offset."""

import pytest

from .answer import encoded
from .problem import assert_problem

# What some parser would take for a number, but is not ASCII digits.
NO_NUMBERS = (
    "",
    "abc",
    "-1",
    "-0",
    "%2B5",
    "+5",
    "%205",
    "5%20",
    "5%0A",
    "5.0",
    "5.5",
    "1e2",
    "0x5",
    "1_0",
    "5,5",
    "%D9%A5",  # an Arabic five
    "%EF%BC%95",  # a fullwidth five
    "%C2%B2",  # a superscript two
    "%00",
    "5%00",
    "%ff",
    "null",
    "true",
    "[5]",
    "%225%22",
    "NaN",
    "Infinity",
)
LARGE = (str(2**63), str(2**64 + 1), "9" * 400, "9" * 5_000)


@pytest.fixture
def hundred_and_fifty(service):
    """150 stored items, put in so that the order by id is not the order in the table."""
    service.execute(
        "INSERT INTO items SELECT n, 'Item ' || n, '', n, n % 2 = 0"
        " FROM generate_series(150, 1, -1) AS n"
    )
    return service


def ids(service, query: str) -> list[int]:
    """The ids that a query gives, from both forms of the path."""
    first, second = (service.ask("GET", f"{path}{query}") for path in ("/items", "/items/"))
    assert first.status == second.status == 200
    assert first.body == second.body
    return [item["id"] for item in first.json()]


def test_empty_table_is_an_empty_list(service):
    """No items: an empty JSON array, and no problem."""
    answer = service.ask("GET", "/items/")
    assert (answer.status, answer.body) == (200, b"[]")


def test_list_is_compact_json_in_member_order(service):
    """The list is compact UTF-8 JSON, with members in their order and prices as floats."""
    service.store(("B\u00e9", "x", 10, True), ("a", "", 0.5, False))
    assert service.ask("GET", "/items/").body == encoded([
        {"id": 1, "name": "B\u00e9", "description": "x", "price": 10.0, "in_stock": True},
        {"id": 2, "name": "a", "description": "", "price": 0.5, "in_stock": False},
    ])  # fmt: skip


def test_list_is_ordered_by_id(hundred_and_fifty):
    """The first 100 items by id come when nothing is asked for."""
    assert ids(hundred_and_fifty, "") == list(range(1, 101))


def test_list_is_ordered_after_updates(hundred_and_fifty):
    """An update, which moves a row inside the table, does not move it in the list."""
    hundred_and_fifty.send("PUT", "/items/1", {"name": "moved", "price": 1})
    assert ids(hundred_and_fifty, "?limit=3") == [1, 2, 3]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?limit=1", range(1, 2)),
        ("?limit=100", range(1, 101)),
        ("?limit=120", range(1, 121)),
        ("?limit=1000", range(1, 151)),
        ("?limit=0005", range(1, 6)),
        ("?offset=0", range(1, 101)),
        ("?limit=x&limit=2", range(1, 3)),  # the last counts
        ("?offset=100", range(101, 151)),
        ("?offset=00100", range(101, 151)),
        ("?limit=7&offset=140", range(141, 148)),
        ("?offset=140&limit=20", range(141, 151)),
        ("?offset=150", ()),
        ("?offset=9223372036854775807", ()),
        ("?limit=1000&offset=9223372036854775807", ()),
        ("?", range(1, 101)),
        ("?limit=%32", range(1, 3)),
    ],
)
def test_limit_and_offset(hundred_and_fifty, query, expected):
    """Limit and offset choose the page; past the end it is empty."""
    assert ids(hundred_and_fifty, query) == list(expected)


@pytest.mark.parametrize(
    "query",
    ["?x=1", "?LIMIT=0", "?limits=0", "?page=2", "?format=xml", "?ordering=-id", "?search=x",
     "?limit[]=0", "?id=5", "?%ff=%ff", "?&&=&", "?%00=1", "?cursor=zzz", "?callback=f"],
)  # fmt: skip
def test_other_parameters_are_ignored(hundred_and_fifty, query):
    """A parameter that the contract does not know changes nothing."""
    assert ids(hundred_and_fifty, query) == list(range(1, 101))


@pytest.mark.parametrize("name", ["limit", "offset"])
@pytest.mark.parametrize("text", NO_NUMBERS)
def test_limit_and_offset_are_ascii_digits(service, name, text):
    """Anything but ASCII digits is 422 on the parameter."""
    for path in ("/items", "/items/"):
        assert_problem(service.ask("GET", f"{path}?{name}={text}"), 422, [name])


def test_limit_without_a_value(service):
    """A parameter without an equals sign is empty, and so 422."""
    assert_problem(service.ask("GET", "/items/?limit"), 422, ["limit"])


@pytest.mark.parametrize("text", ["0", "00", "1001", str(2**31), str(2**32 + 1), *LARGE],
                         ids=lambda text: text[:25])  # fmt: skip
def test_limit_out_of_range(service, text):
    """A limit below 1 or above 1000 is 422."""
    assert_problem(service.ask("GET", f"/items/?limit={text}"), 422, ["limit"])


@pytest.mark.parametrize("text", LARGE, ids=lambda text: text[:25])
def test_offset_out_of_range(service, text):
    """An offset beyond 64 bits is 422."""
    assert_problem(service.ask("GET", f"/items/?offset={text}"), 422, ["offset"])


@pytest.mark.parametrize("query", ["limit=0&offset=-1", "offset=x&limit=x", "offset=&limit="])
def test_both_faults_are_reported(service, query):
    """When both are wrong both are reported, limit first, whatever their order in the query."""
    assert_problem(service.ask("GET", f"/items/?{query}"), 422, ["limit", "offset"])


def test_parameters_of_the_list_mean_nothing_elsewhere(service):
    """Limit and offset are ignored where nothing is listed."""
    service.store(("n", "", 1.0, True))
    assert service.ask("GET", "/items/1?limit=x&offset=x").status == 200
    assert service.ask("GET", "/ping?limit=0").status == 200
    assert service.send("POST", "/items/?limit=0", {"name": "n", "price": 1}).status == 201
