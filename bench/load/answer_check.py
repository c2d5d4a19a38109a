"""What the answers must be. Free of I/O.

Every answer is checked in full: its status, and its body parsed and compared with what was sent
or with what the data set says is in that row.
"""

from collections.abc import Mapping

import orjson

from bench.dataset import ItemFields, row
from bench.load.request_source import Request
from bench.model import Operation

_SUCCESS: Mapping[Operation, int] = {
    "create": 201,
    "read": 200,
    "update": 200,
    "delete": 204,
    "list": 200,
    "echo": 200,
    "ping": 200,
}


class AnswerCheck:
    """Says what is wrong with an answer."""

    def __init__(self) -> None:
        self._right_page = b""

    def fault(self, request: Request, status: int, body: bytes) -> str:
        """The reason why this answer counts as failed; empty when it is right."""
        if status != _SUCCESS[request.operation]:
            return f"status {status}"
        try:
            right = self._is_right(request, body)
        except (orjson.JSONDecodeError, TypeError, KeyError, AttributeError):
            right = False
        return "" if right else "wrong body"

    def _is_right(self, request: Request, body: bytes) -> bool:
        match request.operation:
            case "delete":
                return not body
            case "ping":
                return bool(orjson.loads(body) == {"status": "ok"})
            case "list":
                return self._is_page(request, body)
            case "echo":
                return _same(orjson.loads(body), request.item)
            case _:
                return item_id(body, request) is not None

    def _is_page(self, request: Request, body: bytes) -> bool:
        # The same bytes as a page that was found right need no second parsing.
        if body == self._right_page:
            return True
        assert request.page is not None
        items = orjson.loads(body)
        ids = [item.pop("id") for item in items]
        right = ids == list(request.page) and all(
            type(number) is int and _same(item, row(number))
            for item, number in zip(items, ids, strict=True)
        )
        if right:
            self._right_page = body
        return right


def item_id(body: bytes, request: Request) -> int | None:
    """The id of the item in `body`, if it is the item that `request` must be answered with."""
    item = orjson.loads(body)
    found = item.pop("id")
    expected = found if request.item_id is None else request.item_id
    right = type(found) is int and found == expected and _same(item, request.item)
    return found if right else None


def _same(item: ItemFields, expected: ItemFields | None) -> bool:
    # Python takes 1 for True; JSON does not.
    return item == expected and type(item["in_stock"]) is bool
