import orjson
import pytest

from bench.dataset import ItemFields, row
from bench.load.answer_check import AnswerCheck
from bench.load.request_source import Request

ITEM: ItemFields = {"name": "a", "description": "b", "price": 1.0, "in_stock": True}

READ = Request("read", b"", ITEM, 3)
CREATE = Request("create", b"", ITEM)
LIST = Request("list", b"", page=range(1, 4))
PAGE = [{"id": number, **row(number)} for number in (1, 2, 3)]


@pytest.mark.parametrize(
    ("request_", "status", "answer"),
    [
        (READ, 200, {"id": 3, **ITEM}),
        (Request("update", b"", ITEM, 3), 200, {"id": 3, **ITEM}),
        (CREATE, 201, {"id": 99, **ITEM}),
        (CREATE, 201, {**ITEM, "price": 1, "id": 1}),
        (Request("echo", b"", ITEM), 200, ITEM),
        (Request("ping", b""), 200, {"status": "ok"}),
        (LIST, 200, PAGE),
    ],
)
def test_right_answers(request_: Request, status: int, answer: object) -> None:
    """An answer that keeps the contract is no fault."""
    assert AnswerCheck().fault(request_, status, orjson.dumps(answer)) == ""


def test_a_delete_is_answered_with_nothing() -> None:
    """A delete is right with status 204 and an empty body only."""
    request = Request("delete", b"", item_id=3)
    assert AnswerCheck().fault(request, 204, b"") == ""
    assert AnswerCheck().fault(request, 204, b"{}") == "wrong body"
    assert AnswerCheck().fault(request, 200, b"") == "status 200"


@pytest.mark.parametrize(
    ("request_", "status", "answer"),
    [
        (READ, 200, {"id": 4, **ITEM}),
        (READ, 200, {"id": 3, **ITEM, "name": "A"}),
        (READ, 200, {"id": 3, **ITEM, "in_stock": 1}),
        (READ, 200, {"id": 3, **ITEM, "price": "1.0"}),
        (READ, 200, {"id": 3.0, **ITEM}),
        (READ, 200, {"id": "3", **ITEM}),
        (READ, 200, {"id": 3, **ITEM, "extra": None}),
        (READ, 200, {"id": 3, "name": "a"}),
        (READ, 200, ITEM),
        (READ, 200, [{"id": 3, **ITEM}]),
        (READ, 200, None),
        (CREATE, 201, {"id": True, **ITEM}),
        (CREATE, 201, {"id": None, **ITEM}),
        (Request("echo", b"", ITEM), 200, {"id": 1, **ITEM}),
        (Request("ping", b""), 200, {"status": "OK"}),
        (LIST, 200, PAGE[:2]),
        (LIST, 200, [{**PAGE[0], "id": True}, *PAGE[1:]]),
        (LIST, 200, [*PAGE, PAGE[0]]),
        (LIST, 200, PAGE[::-1]),
        (LIST, 200, [PAGE[0], PAGE[1], {**PAGE[2], "name": "?"}]),
        (LIST, 200, {"items": PAGE}),
        (LIST, 200, [1, 2, 3]),
    ],
)
def test_wrong_bodies(request_: Request, status: int, answer: object) -> None:
    """An answer with other values, or without some, is a wrong body."""
    assert AnswerCheck().fault(request_, status, orjson.dumps(answer)) == "wrong body"


@pytest.mark.parametrize("body", [b"", b"{", b"<html>", b'{"id": 3', b"\xff"])
def test_what_is_no_json_is_a_wrong_body(body: bytes) -> None:
    """A body that is no JSON is told as wrong, and raises nothing."""
    assert AnswerCheck().fault(READ, 200, body) == "wrong body"


@pytest.mark.parametrize("status", [201, 204, 301, 404, 500])
def test_another_status_fails_whatever_the_body(status: int) -> None:
    """The right body does not excuse a wrong status."""
    assert AnswerCheck().fault(READ, status, orjson.dumps({"id": 3, **ITEM})) == f"status {status}"


def test_a_page_found_right_does_not_excuse_the_next() -> None:
    """Remembering a good page does not let a bad one pass."""
    judge = AnswerCheck()
    assert judge.fault(LIST, 200, orjson.dumps(PAGE)) == ""
    assert judge.fault(LIST, 200, orjson.dumps(PAGE)) == ""
    assert judge.fault(LIST, 200, orjson.dumps(PAGE[:2])) == "wrong body"
