"""What users send, and what they take for an answer."""

import json
import random
from collections import Counter
from itertools import islice

import pytest

from bench.load.users.behaviour import LOST, MOST_ITEMS, TASKS, Ask, UserMemory, bodies, deal

BODIES = bodies(1)


def fresh(seed: int = 1, *, shared: bool = False) -> UserMemory:
    return UserMemory(random.Random(seed), BODIES, shared=shared)


def created(memory: UserMemory, item_id: int = 7) -> Ask:
    """The memory has learned of one item; the request that made it."""
    ask = memory.ask("create")
    assert ask.body is not None
    body = json.dumps({"id": item_id, **json.loads(ask.body)}).encode()
    assert memory.fault(ask, 201, body) == ""
    return ask


def test_the_weights_are_those_of_the_original() -> None:
    """Users do each task as often as the original's did."""
    assert TASKS == {"list": 3, "create": 2, "read": 2, "update": 1, "delete": 1}


@pytest.mark.parametrize("operation", ["read", "update", "delete"])
def test_who_has_no_item_creates_one(operation) -> None:
    """Any task on an item that there is not becomes a create."""
    assert fresh().ask(operation).operation == "create"


def test_items_are_read_changed_and_deleted_by_who_made_them() -> None:
    """The whole life of an item, each answer compared with what was sent."""
    memory = fresh()
    made = created(memory)
    item = json.loads(made.body or b"")
    read = memory.ask("read")
    assert (read.method, read.path) == ("GET", "/items/7")
    assert memory.fault(read, 200, json.dumps({"id": 7, **item}).encode()) == ""
    update = memory.ask("update")
    changed = json.loads(update.body or b"")
    assert memory.fault(update, 200, json.dumps({"id": 7, **changed}).encode()) == ""
    again = memory.ask("read")
    assert memory.fault(again, 200, json.dumps({"id": 7, **changed}).encode()) == ""
    delete = memory.ask("delete")
    assert memory.fault(delete, 204, b"") == ""
    assert len(memory) == 0


@pytest.mark.parametrize(
    ("operation", "status", "body", "fault"),
    [
        ("create", 201, b"{}", "wrong body"),
        ("create", 201, b'{"id": 1, "name": "other"}', "wrong body"),
        ("create", 200, b"", "status 200"),
        ("create", 404, b"", "status 404"),
        ("read", 200, b'{"id": 7}', "wrong body"),
        ("read", 200, b"no JSON", "wrong body"),
        ("read", 500, b"", "status 500"),
        ("update", 200, b"[]", "wrong body"),
        ("delete", 204, b"something", "wrong body"),
        ("delete", 200, b"", "status 200"),
        ("list", 200, b"{}", "wrong body"),
        ("list", 200, b'[{"id": 1}]', "wrong body"),
        ("list", 404, b"", "status 404"),
    ],
)
def test_everything_unexpected_is_a_failure_with_its_reason(
    operation, status: int, body: bytes, fault: str
) -> None:
    """A wrong status and a wrong body are failures that say what was wrong."""
    memory = fresh()
    if operation != "create":
        created(memory)
    assert memory.fault(memory.ask(operation), status, body) == fault


@pytest.mark.parametrize("operation", ["read", "update", "delete"])
def test_an_item_that_somebody_else_deleted_is_no_failure_and_forgotten(operation) -> None:
    """Where others use the same database."""
    memory = fresh(shared=True)
    created(memory)
    ask = memory.ask(operation)
    assert memory.is_gone(ask, 404)
    assert memory.fault(ask, 404, b"") == ""
    assert len(memory) == 0


@pytest.mark.parametrize("operation", ["read", "update", "delete"])
def test_an_item_that_is_gone_is_a_lost_write_where_nobody_else_can_delete_it(operation) -> None:
    """A service that forgets what it has confirmed gains nothing by it; each loss counts once."""
    memory = fresh()
    created(memory)
    ask = memory.ask(operation)
    assert not memory.is_gone(ask, 404)
    assert memory.fault(ask, 404, b"") == LOST
    assert len(memory) == 0


def test_a_create_that_was_answered_wrongly_leaves_nothing_behind() -> None:
    """A create that failed gives no item to ask for."""
    memory = fresh()
    memory.fault(memory.ask("create"), 500, b"")
    assert len(memory) == 0


@pytest.mark.parametrize(("operation", "kept"), [("read", 1), ("update", 0), ("delete", 0)])
def test_an_item_whose_fate_is_unknown_is_asked_for_no_more(operation, kept: int) -> None:
    """A change that timed out or failed may have been made: the next answer accuses nobody."""
    for end in (UserMemory.unanswered, lambda memory, ask: memory.fault(ask, 500, b"")):
        memory = fresh()
        created(memory)
        end(memory, memory.ask(operation))
        assert len(memory) == kept


def test_every_deck_has_the_mix_exactly_and_an_order_of_its_own() -> None:
    """Each deck has every task as often as its weight, in an order that differs."""
    dealt = deal(random.Random(1))
    decks = [list(islice(dealt, sum(TASKS.values()))) for _ in range(20)]
    assert {tuple(sorted(Counter(deck).items())) for deck in decks} == {
        tuple(sorted(TASKS.items()))
    }
    assert len({tuple(deck) for deck in decks}) > 10


def test_a_seed_fixes_what_a_user_does_and_sends() -> None:
    """Given the same answers; another seed gives another user."""

    def does(seed: int) -> list[tuple]:
        memory, dealt = fresh(seed), deal(random.Random(seed))
        done = []
        for item_id in range(30):
            ask = memory.ask(next(dealt))
            done.append(ask[:3])
            if ask.operation == "create":
                body = json.dumps({"id": item_id, **json.loads(ask.body or b"")}).encode()
                assert memory.fault(ask, 201, body) == ""
        return done

    assert does(1) == does(1)
    assert does(1) != does(2)


def test_memory_is_bounded() -> None:
    """The oldest is forgotten."""
    memory = fresh()
    for item_id in range(1, MOST_ITEMS + 50):
        created(memory, item_id)
    assert len(memory) == MOST_ITEMS
    assert {int(memory.ask("delete").path.split("/")[-1]) > 49 for _ in range(200)} == {True}


ITEM = {"name": "x", "description": "", "price": 1, "in_stock": True}


@pytest.mark.parametrize(
    ("items", "right"),
    [
        ([], True),
        ([{"id": 1, **ITEM}, {"id": 5, **ITEM}], True),
        ([{"id": 5, **ITEM}, {"id": 1, **ITEM}], False),
        ([{"id": 1, **ITEM}, {"id": 1, **ITEM}], False),
        ([{"id": 1, **ITEM, "more": 1}], False),
        ([{"id": "1", **ITEM}], False),
        ([{"id": 1, **ITEM, "in_stock": 1}], False),
        ([{"id": 1, **ITEM, "price": True}], False),
        ([{"id": number, **ITEM} for number in range(101)], False),
    ],
)
def test_a_list_is_a_page_of_items_with_ascending_ids(items: list[dict], right: bool) -> None:
    """A list out of order or with something else in it is a wrong body, every time."""
    memory = fresh()
    body = json.dumps(items).encode()
    fault = "" if right else "wrong body"
    # Twice: the second look at the same bytes must not be more lenient.
    assert [memory.fault(memory.ask("list"), 200, body) for _ in range(2)] == [fault, fault]
