"""What users send, and what they take for an answer."""

import json

import pytest

from bench.load.people.behaviour import MOST_ITEMS, TASKS, Ask, Memory


def created(memory: Memory, item_id: int = 7) -> Ask:
    """The memory has learned of one item; the request that made it."""
    ask = memory.ask("create")
    assert ask.body is not None
    body = json.dumps({"id": item_id, **json.loads(ask.body)}).encode()
    assert memory.fault(ask, 201, body) == ""
    return ask


def test_the_weights_are_those_of_the_original() -> None:
    assert TASKS == {"list": 3, "create": 2, "read": 2, "update": 1, "delete": 1}


@pytest.mark.parametrize("operation", ["read", "update", "delete"])
def test_who_has_no_item_creates_one(operation) -> None:
    assert Memory().ask(operation).operation == "create"


def test_items_are_read_changed_and_deleted_by_who_made_them() -> None:
    """The whole life of an item, each answer compared with what was sent."""
    memory = Memory()
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
    memory = Memory()
    if operation != "create":
        created(memory)
    assert memory.fault(memory.ask(operation), status, body) == fault


@pytest.mark.parametrize("operation", ["read", "update", "delete"])
def test_an_item_that_somebody_else_deleted_is_no_failure_and_forgotten(operation) -> None:
    memory = Memory()
    created(memory)
    ask = memory.ask(operation)
    assert memory.is_gone(ask, 404)
    assert memory.fault(ask, 404, b"") == ""
    assert len(memory) == 0


def test_a_failed_request_teaches_nothing() -> None:
    """A create that was answered wrongly leaves no item behind, a failed delete keeps it."""
    memory = Memory()
    memory.fault(memory.ask("create"), 500, b"")
    assert len(memory) == 0
    created(memory)
    memory.fault(memory.ask("delete"), 500, b"")
    assert len(memory) == 1


def test_memory_is_bounded() -> None:
    """The oldest is forgotten."""
    memory = Memory()
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
    memory = Memory()
    body = json.dumps(items).encode()
    fault = "" if right else "wrong body"
    # Twice: the second look at the same bytes must not be more lenient.
    assert [memory.fault(memory.ask("list"), 200, body) for _ in range(2)] == [fault, fault]
