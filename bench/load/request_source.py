"""The requests of a load, as bytes, in an order that a seed fixes. Free of I/O.

No two updates of one row are under way at the same time: which of them came last only the database
knows, and a service that reads a row again after its COMMIT may rightly answer with the other one.
So rows to be updated come in a circle, each as far from itself as there are rows.
"""

import itertools
import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple
from urllib.parse import urlsplit

import orjson

from bench.dataset import CRUD_ITEM, ItemFields, payloads, row
from bench.model import ClosedLoop, Created, LoadSpec, Operation, Rows, Share

PAGE = 100
"""Items on a page of the list that is asked for without a limit."""

_BODIES = 1000
"""Different bodies in one load."""


class Request(NamedTuple):
    """What to send, and what the answer is compared with."""

    operation: Operation
    data: bytes
    item: ItemFields | None = None
    item_id: int | None = None
    page: range | None = None


class RequestWriter:
    """Requests as bytes. They are written out once, not assembled by a client each time."""

    def __init__(self, base_url: str) -> None:
        address = urlsplit(base_url)
        if address.scheme != "http" or not address.hostname:
            raise ValueError(f"{base_url!r} is no plain http address")
        self._path = address.path.rstrip("/").encode("ascii")
        self._fields = b"Host: %b\r\nAccept: */*\r\n" % address.netloc.encode("ascii")

    def bare(self, method: str, path: str) -> bytes:
        """The bytes of a request without a body, to a path below the base URL."""
        line = b"%b %b%b HTTP/1.1\r\n" % (method.encode("ascii"), self._path, path.encode("ascii"))
        return line + self._fields + b"\r\n"

    def with_body(self, method: str, path: str, body: bytes) -> bytes:
        """The bytes of a request with a body of JSON."""
        head = self.bare(method, path)[:-2]
        kind = b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
        return head + kind + body


class Source:
    """Deals a load's requests, one at a time, in an order that its seed fixes.

    Several shares are dealt from a shuffled deck that holds each share as often as its weight
    says, so that proportions are exact in every deck and not only on average.
    """

    def __init__(self, spec: LoadSpec, created: Mapping[int, ItemFields]) -> None:
        _require_apart(spec)
        self.ran_out = False
        writer = RequestWriter(spec.base_url)
        streams = [
            _stream(share, writer, random.Random(f"{spec.seed} share {number}"), created)
            for number, share in enumerate(spec.shares)
        ]
        deck = [
            stream
            for stream, share in zip(streams, spec.shares, strict=True)
            for _ in range(share.weight)
        ]
        if not deck:
            raise ValueError("a load without any share of weight 1 or more")
        self._dealt = _deal(deck, random.Random(f"{spec.seed} deck"))
        self._left = spec.requests

    def next(self) -> Request | None:
        """The next request; None when there are no more to send."""
        if self._left is not None:
            if self._left <= 0:
                return None
            self._left -= 1
        if self.ran_out:
            return None
        request = next(next(self._dealt), None)
        self.ran_out = request is None
        return request


def _require_apart(spec: LoadSpec) -> None:
    """Raises ValueError where a closed loop would have two updates of one row under way."""
    for share in spec.shares:
        if share.operation != "update" or not isinstance(share.ids, Rows):
            continue
        rows = share.ids.last - share.ids.first + 1
        if isinstance(spec.pacing, ClosedLoop) and rows < spec.pacing.concurrency:
            raise ValueError(f"{rows} rows to update for {spec.pacing.concurrency} connections")


def _deal(deck: list[Iterator[Request]], rng: random.Random) -> Iterator[Iterator[Request]]:
    if len(deck) == 1:
        return itertools.repeat(deck[0])
    return itertools.chain.from_iterable(rng.sample(deck, len(deck)) for _ in itertools.count())


def _stream(
    share: Share, writer: RequestWriter, rng: random.Random, created: Mapping[int, ItemFields]
) -> Iterator[Request]:
    match share.operation:
        case "ping":
            return itertools.repeat(Request("ping", writer.bare("GET", "/ping")))
        case "list":
            return itertools.repeat(_list(share, writer))
        case "create":
            return _posts(share, writer, rng, "/items/")
        case "echo":
            return _posts(share, writer, rng, "/echo")
        case "read":
            known = created if isinstance(share.ids, Created) else None
            return _reads(writer, _ids(share, rng, created), known)
        case "update":
            ids, items = _circle(share, rng, created), _items(share, rng)
            return _updates(writer, ids, _out_of_step(items, share))
        case "delete":
            return _deletes(writer, _ids(share, rng, created))


def _list(share: Share, writer: RequestWriter) -> Request:
    rows = share.ids if isinstance(share.ids, Rows) else Rows(1, PAGE)
    page = range(rows.first, min(rows.last, rows.first + PAGE - 1) + 1)
    return Request("list", writer.bare("GET", "/items/"), page=page)


def _posts(share: Share, writer: RequestWriter, rng: random.Random, path: str) -> Iterator[Request]:
    return itertools.cycle(
        [
            Request(share.operation, writer.with_body("POST", path, orjson.dumps(item)), item)
            for item in _items(share, rng)
        ]
    )


def _reads(
    writer: RequestWriter, ids: Iterator[int], known: Mapping[int, ItemFields] | None
) -> Iterator[Request]:
    for item_id in ids:
        item = row(item_id) if known is None else known[item_id]
        yield Request("read", writer.bare("GET", f"/items/{item_id}"), item, item_id)


def _updates(
    writer: RequestWriter, ids: Iterator[int], items: list[ItemFields]
) -> Iterator[Request]:
    bodies = itertools.cycle([(item, orjson.dumps(item)) for item in items])
    for item_id, (item, body) in zip(ids, bodies, strict=False):
        data = writer.with_body("PUT", f"/items/{item_id}", body)
        yield Request("update", data, item, item_id)


def _deletes(writer: RequestWriter, ids: Iterator[int]) -> Iterator[Request]:
    for item_id in ids:
        yield Request("delete", writer.bare("DELETE", f"/items/{item_id}"), item_id=item_id)


def _circle(share: Share, rng: random.Random, created: Mapping[int, ItemFields]) -> Iterator[int]:
    """Ids to update, in a random order that is always the same one: each comes again only when all
    the others have come.
    """
    if not isinstance(share.ids, Rows) or share.ids.once:
        return _ids(share, rng, created)
    once = replace(share, ids=replace(share.ids, once=True))
    return itertools.cycle(_ids(once, rng, created))


def _out_of_step(items: list[ItemFields], share: Share) -> list[ItemFields]:
    """As many of the bodies that no row gets the same one twice in a row: an update that changes
    nothing is none to an ORM.
    """
    if isinstance(share.ids, Rows):
        rows = share.ids.last - share.ids.first + 1
        while len(items) > 1 and rows % len(items) == 0:
            items = items[:-1]
    return items


def _items(share: Share, rng: random.Random) -> list[ItemFields]:
    return [CRUD_ITEM] if share.body == "crud" else payloads(rng.getrandbits(32), _BODIES)


def _ids(share: Share, rng: random.Random, created: Mapping[int, ItemFields]) -> Iterator[int]:
    match share.ids:
        case Rows(first, last, once=True):
            return iter(rng.sample(range(first, last + 1), last - first + 1))
        case Rows(first, last):
            return (rng.randint(first, last) for _ in itertools.count())
        case Created():
            return iter(list(created))
        case None:
            raise ValueError(f"a share of {share.operation!r} needs to know which ids")
