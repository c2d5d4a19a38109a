"""What a user sends and what it accepts as an answer. Free of I/O and of Locust.

A user keeps the items that it has created, and reads, changes and deletes only those. So every
answer can be compared in full with what it must be.
"""

import random
from collections import OrderedDict
from itertools import pairwise
from typing import NamedTuple

import orjson

from bench.dataset import ItemFields, payloads
from bench.load.asking import PAGE, Request
from bench.load.judging import Judge
from bench.load.judging import item_id as id_of
from bench.model import Operation
from bench.workloads import WORKLOADS

MOST_ITEMS = 100
"""Items a user remembers. The oldest is forgotten, not deleted, when there is one more."""

_BODIES = payloads(random.SystemRandom().getrandbits(32), 1000)

TASKS: dict[Operation, int] = {
    share.operation: share.weight for share in WORKLOADS["mixed"].phases(1, 4)[0].shares
}
"""Tasks and their weights: list 3, create 2, read 2, update 1, delete 1, as in the original and
in the lab's own `mixed` workload."""


class Ask(NamedTuple):
    """A request: what is sent, and what the answer is judged by."""

    method: str
    path: str
    body: bytes | None
    request: Request

    @property
    def operation(self) -> Operation:
        return self.request.operation


class Memory:
    """One user's own items, and its next requests."""

    def __init__(self) -> None:
        self._items: OrderedDict[int, ItemFields] = OrderedDict()
        self._judge = Judge()
        self._right_page = b""

    def __len__(self) -> int:
        return len(self._items)

    def ask(self, operation: Operation) -> Ask:
        """The request for a task. Who has no item yet creates one instead."""
        if operation == "list":
            return Ask("GET", "/items/", None, Request("list", b""))
        if operation == "create" or not self._items:
            item = random.choice(_BODIES)
            return Ask("POST", "/items/", orjson.dumps(item), Request("create", b"", item))
        item_id = random.choice(list(self._items))
        path = f"/items/{item_id}"
        if operation == "update":
            item = random.choice(_BODIES)
            return Ask("PUT", path, orjson.dumps(item), Request("update", b"", item, item_id))
        if operation == "read":
            known = self._items[item_id]
            return Ask("GET", path, None, Request("read", b"", known, item_id))
        return Ask("DELETE", path, None, Request("delete", b"", item_id=item_id))

    def is_gone(self, ask: Ask, status: int) -> bool:
        """Whether the item is not there any more: another client may delete what is ours."""
        return status == 404 and ask.request.item_id is not None

    def fault(self, ask: Ask, status: int, body: bytes) -> str:
        """Why the answer is wrong; empty when it is right. What it teaches is remembered."""
        request = ask.request
        if self.is_gone(ask, status):
            self._items.pop(_known_id(request), None)
            return ""
        if request.operation == "list":
            return self._fault_of_list(status, body)
        fault = self._judge.fault(request, status, body)
        if not fault:
            self._learn(request, body)
        return fault

    def _learn(self, request: Request, body: bytes) -> None:
        match request.operation:
            case "create":
                assert request.item is not None
                created = id_of(body, request)
                assert created is not None
                self._items[created] = request.item
                if len(self._items) > MOST_ITEMS:
                    self._items.popitem(last=False)
            case "update":
                assert request.item is not None
                self._items[_known_id(request)] = request.item
            case "delete":
                self._items.pop(_known_id(request), None)

    def _fault_of_list(self, status: int, body: bytes) -> str:
        """A page of items, ids ascending. Whose items they are, only the database knows."""
        if status != 200:
            return f"status {status}"
        # The same bytes as a page that was found right need no second parsing.
        if body == self._right_page:
            return ""
        if not _is_page(body):
            return "wrong body"
        self._right_page = body
        return ""


def _known_id(request: Request) -> int:
    assert request.item_id is not None
    return request.item_id


_FIELDS: dict[str, tuple[type, ...]] = {
    "id": (int,),
    "name": (str,),
    "description": (str,),
    "price": (int, float),
    "in_stock": (bool,),
}


def _is_page(body: bytes) -> bool:
    try:
        items = orjson.loads(body)
    except orjson.JSONDecodeError:
        return False
    if type(items) is not list or len(items) > PAGE or not all(map(_is_item, items)):
        return False
    ids = [item["id"] for item in items]
    return all(before < after for before, after in pairwise(ids))


def _is_item(item: object) -> bool:
    return (
        type(item) is dict
        and item.keys() == _FIELDS.keys()
        and all(type(item[name]) in kinds for name, kinds in _FIELDS.items())
    )
