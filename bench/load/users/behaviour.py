"""What a user sends and what it accepts as an answer. Free of I/O and of Locust.

A user keeps the items that it has created, and reads, changes and deletes only those. So every
answer can be compared in full with what it must be. An item that is gone was deleted by somebody
else where others use the same database, and is a lost write where nobody does.
"""

import random
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import orjson

from bench.dataset import ItemFields, payloads
from bench.load.answer_check import AnswerCheck
from bench.load.answer_check import item_id as id_of
from bench.load.request_source import PAGE, Request
from bench.model import Operation
from bench.workloads import WORKLOADS

MOST_ITEMS = 100
"""Items a user remembers. The oldest is forgotten, not deleted, when there is one more."""

_BODIES = 1000
"""Different bodies that the users of one process send."""

LOST = "status 404: an item of one's own is gone"

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
        """The operation that is asked for."""
        return self.request.operation


def bodies(seed: int) -> Sequence[ItemFields]:
    """What the users of a process send as items."""
    return payloads(seed, _BODIES)


def deal(rng: random.Random) -> Iterator[Operation]:
    """One user's tasks, without end: each shuffled deck holds a task as often as its weight says.

    So the mix is exact in every deck and not only on average, like that of the lab's generator.
    """
    deck = [name for name, weight in TASKS.items() for _ in range(weight)]
    while True:
        yield from rng.sample(deck, len(deck))


class UserMemory:
    """One user's own items, and its next requests, chosen by `rng` with items out of `known`.

    `shared` says that other clients use the same database, and may delete what is ours.
    """

    def __init__(
        self, rng: random.Random, known: Sequence[ItemFields], *, shared: bool = False
    ) -> None:
        self._rng = rng
        self._bodies = known
        self._shared = shared
        self._items: OrderedDict[int, ItemFields] = OrderedDict()
        self._judge = AnswerCheck()
        self._right_page = b""

    def __len__(self) -> int:
        return len(self._items)

    def ask(self, operation: Operation) -> Ask:
        """The request for a task. Who has no item yet creates one instead."""
        if operation == "list":
            return Ask("GET", "/items/", None, Request("list", b""))
        if operation == "create" or not self._items:
            item = self._rng.choice(self._bodies)
            return Ask("POST", "/items/", orjson.dumps(item), Request("create", b"", item))
        item_id = self._rng.choice(list(self._items))
        path = f"/items/{item_id}"
        if operation == "update":
            item = self._rng.choice(self._bodies)
            return Ask("PUT", path, orjson.dumps(item), Request("update", b"", item, item_id))
        if operation == "read":
            known = self._items[item_id]
            return Ask("GET", path, None, Request("read", b"", known, item_id))
        return Ask("DELETE", path, None, Request("delete", b"", item_id=item_id))

    def is_gone(self, ask: Ask, status: int) -> bool:
        """Whether another client has deleted the item; never where there is no other."""
        return self._shared and self._is_missing(ask, status)

    def _is_missing(self, ask: Ask, status: int) -> bool:
        return status == 404 and ask.request.item_id is not None

    def fault(self, ask: Ask, status: int, body: bytes) -> str:
        """Why the answer is wrong; empty when it is right. What it teaches is remembered."""
        request = ask.request
        if self._is_missing(ask, status):
            self._items.pop(_known_id(request), None)
            return "" if self._shared else LOST
        if request.operation == "list":
            return self._fault_of_list(status, body)
        fault = self._judge.fault(request, status, body)
        if fault:
            self.unanswered(ask)
        else:
            self._learn(request, body)
        return fault

    def unanswered(self, ask: Ask) -> None:
        """No answer came, or a wrong one: the service may have done it, or not.

        What became of an item that was being changed or deleted is unknown, so it is asked for no
        more. Whatever were said of it would be a guess.
        """
        if ask.operation in ("update", "delete"):
            self._items.pop(_known_id(ask.request), None)

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
