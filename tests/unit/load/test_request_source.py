from collections import Counter
from collections.abc import Mapping

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.dataset import CRUD_ITEM, ItemFields, row
from bench.load.request_source import Request, Source
from bench.model import ClosedLoop, Created, LoadSpec, Operation, Rows, Share

ITEM: ItemFields = {"name": "a", "description": "b", "price": 1.0, "in_stock": True}


def source(
    *shares: Share,
    requests: int | None = None,
    seed: int = 1,
    created: Mapping[int, ItemFields] | None = None,
) -> Source:
    spec = LoadSpec("http://127.0.0.1:8000", shares, ClosedLoop(1), seed, requests=requests)
    return Source(spec, created or {})


def taken(asked: Source, most: int = 10_000) -> list[Request]:
    requests: list[Request] = []
    while len(requests) < most and (request := asked.next()) is not None:
        requests.append(request)
    return requests


def test_a_read_as_bytes() -> None:
    """A read is exactly these bytes on the wire."""
    (request,) = taken(source(Share("read", ids=Rows(7, 7)), requests=1))
    assert request.data == (b"GET /items/7 HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nAccept: */*\r\n\r\n")
    assert (request.item_id, request.item) == (7, row(7))


def test_a_create_as_bytes() -> None:
    """A create is exactly these headers, and the item as JSON."""
    (request,) = taken(source(Share("create", body="crud"), requests=1))
    head, _, body = request.data.partition(b"\r\n\r\n")
    assert head.split(b"\r\n") == [
        b"POST /items/ HTTP/1.1",
        b"Host: 127.0.0.1:8000",
        b"Accept: */*",
        b"Content-Type: application/json",
        b"Content-Length: %d" % len(body),
    ]
    assert orjson.loads(body) == CRUD_ITEM


@pytest.mark.parametrize("address", ["https://127.0.0.1", "127.0.0.1:8000", "http://"])
def test_only_plain_http_is_spoken(address: str) -> None:
    """Any other address is refused."""
    spec = LoadSpec(address, (Share("ping"),), ClosedLoop(1), 1, requests=1)
    with pytest.raises(ValueError, match="http"):
        Source(spec, {})


def test_a_load_needs_a_share() -> None:
    """A load that asks for nothing is refused."""
    with pytest.raises(ValueError, match="share"):
        source()


@pytest.mark.parametrize("operation", ["read", "update", "delete"])
def test_operations_on_an_item_need_to_know_which(operation: Operation) -> None:
    """Reading, changing and deleting without ids is refused."""
    with pytest.raises(ValueError, match="which ids"):
        source(Share(operation, ids=None))


@given(st.integers())
def test_the_seed_fixes_the_order(seed: int) -> None:
    """The same seed asks the same in the same order."""
    shares = (Share("ping", 2), Share("read", 3, Rows(1, 100)), Share("create", 1))
    assert taken(source(*shares, requests=30, seed=seed)) == taken(
        source(*shares, requests=30, seed=seed)
    )


@given(st.lists(st.integers(min_value=1, max_value=5), min_size=4, max_size=4), st.integers())
def test_every_deck_holds_each_share_as_often_as_its_weight(weights: list[int], seed: int) -> None:
    """Proportions are exact in every deck, not only on average."""
    operations: tuple[Operation, ...] = ("ping", "list", "create", "echo")
    shares = tuple(Share(each, weight) for each, weight in zip(operations, weights, strict=True))
    dealt = source(*shares, seed=seed)
    for _ in range(3):
        deck = Counter(request.operation for request in taken(dealt, sum(weights)))
        assert deck == dict(zip(operations, weights, strict=True))


def test_rows_taken_once_are_a_permutation_and_then_run_out() -> None:
    """Each row comes once, in a mixed order, and then no more."""
    asked = source(Share("delete", ids=Rows(11, 30, once=True)))
    ids = [request.item_id for request in taken(asked) if request.item_id is not None]
    assert sorted(ids) == list(range(11, 31))
    assert ids != sorted(ids)
    assert asked.ran_out
    assert asked.next() is None


def test_reaching_the_number_of_requests_is_not_running_out() -> None:
    """A window that has sent what it should has not run out of rows."""
    asked = source(Share("delete", ids=Rows(1, 20, once=True)), requests=20)
    assert len(taken(asked)) == 20
    assert not asked.ran_out


def test_rows_drawn_again_and_again_stay_in_their_range() -> None:
    """Every row of the range is drawn, and none beyond it."""
    requests = taken(source(Share("read", ids=Rows(5, 9)), requests=1000))
    assert {request.item_id for request in requests} == {5, 6, 7, 8, 9}


def test_created_items_are_each_asked_for_once_with_what_they_hold() -> None:
    """Items that were created are read once each, and judged by what was stored."""
    created = {41: ITEM, 42: CRUD_ITEM}
    asked = source(Share("read", ids=Created()), created=created)
    assert [(each.item_id, each.item) for each in taken(asked)] == list(created.items())
    assert asked.ran_out


@given(st.integers(min_value=1, max_value=60), st.integers())
def test_no_row_is_updated_again_before_all_others_are(rows: int, seed: int) -> None:
    """So two updates of one row are never under way, with as many connections as there are rows.
    Which of them came last only the database would know."""
    asked = source(Share("update", ids=Rows(11, 10 + rows)), seed=seed)
    ids = [request.item_id for request in taken(asked, 3 * rows)]
    assert sorted(ids[:rows]) == list(range(11, 11 + rows))
    assert ids == 3 * ids[:rows]


def test_updates_keep_apart_among_other_requests() -> None:
    """In a mixed load too, whatever comes in between."""
    shares = (Share("update", 1, Rows(1, 20)), Share("read", 3, Rows(21, 40)), Share("list", 2))
    updates = [each.item_id for each in taken(source(*shares), 600) if each.operation == "update"]
    assert len(updates) == 100
    for at in range(len(updates) - 20):
        assert len(set(updates[at : at + 20])) == 20


def test_too_few_rows_to_update_are_refused() -> None:
    """With more connections than rows two updates of one row would be under way."""
    share = Share("update", ids=Rows(1, 19))
    spec = LoadSpec("http://127.0.0.1:8000", (share,), ClosedLoop(20), 1, requests=1)
    with pytest.raises(ValueError, match="19 rows to update for 20 connections"):
        Source(spec, {})


@given(st.integers(min_value=1, max_value=2100), st.integers())
def test_an_update_always_changes_its_row(rows: int, seed: int) -> None:
    """A row gets another body each time: an ORM would send no UPDATE for the same one."""
    asked = source(Share("update", ids=Rows(1, rows)), seed=seed)
    held: dict[int | None, object] = {}
    for request in taken(asked, 3 * rows):
        assert request.item != held.get(request.item_id)
        held[request.item_id] = request.item
