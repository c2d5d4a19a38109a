"""What a request says: its item, its limit and offset. Raises Problem where it says it wrongly."""

import json
import re
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple
from urllib.parse import parse_qs

import asyncpg

from app.answers import Problem

MAX_BODY_BYTES = 1_048_576
MAX_BIGINT = 2**63 - 1
UNSTORABLE = re.compile("[\0\ud800-\udfff]")

Receive = Callable[[], Awaitable[dict[str, Any]]]


class Request(NamedTuple):
    """What ASGI tells of a request, and the digits of the id in its path."""

    scope: dict[str, Any]
    receive: Receive
    digits: str

    @property
    def pool(self) -> asyncpg.Pool:
        """The pool that the lifespan has opened."""
        pool: asyncpg.Pool = self.scope["state"]["pool"]
        return pool


async def read_item(request: Request) -> dict[str, Any]:
    """The valid item in the body, its members in their order."""
    body = await read_body(request.receive)
    headers = request.scope["headers"]
    media_type = next((value for name, value in headers if name == b"content-type"), None)
    if media_type is None and not body:
        raise Problem(400)
    if (media_type or b"").partition(b";")[0].strip().lower() != b"application/json":
        raise Problem(415)
    try:
        members = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Problem(400) from error
    return valid_item(members)


async def read_body(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Problem(400)  # to nobody: the client has gone away
        body += message.get("body", b"")
        if len(body) > MAX_BODY_BYTES:
            raise Problem(413)
        if not message.get("more_body"):
            return bytes(body)


def valid_item(members: Any) -> dict[str, Any]:
    if not isinstance(members, dict):
        raise Problem(422, errors={"body": "Must be an object."})
    item = {
        "name": members.get("name"),
        "description": members.get("description", ""),
        "price": members.get("price"),
        "in_stock": members.get("in_stock", True),
    }
    faults = {
        "name": fault_of_text(item["name"], 1, 100),
        "description": fault_of_text(item["description"], 0, 1000),
        "price": fault_of_price(item["price"]),
        "in_stock": "" if isinstance(item["in_stock"], bool) else "Must be true or false.",
    }
    if any(faults.values()):
        raise Problem(422, errors={field: fault for field, fault in faults.items() if fault})
    item["price"] = float(item["price"])
    return item


def fault_of_text(value: Any, least: int, most: int) -> str:
    """What is wrong with a text; "" when nothing is. None stands for an absent one."""
    if not isinstance(value, str):
        return "Must be a text."
    if not least <= len(value) <= most:
        return f"Must have {least} to {most} characters."
    return "Must not hold NUL or half a surrogate pair." if UNSTORABLE.search(value) else ""


def fault_of_price(value: Any) -> str:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return "Must be a number."
    return "" if 0 <= value <= 1e9 else "Must be from 0 to 1e9."


def read_id(request: Request) -> int:
    """The id in the path. One that no row can have is unknown."""
    item_id = number(request.digits, 0, MAX_BIGINT)
    if item_id is None:
        raise Problem(404)
    return item_id


def read_page(request: Request) -> tuple[int, int]:
    """The limit and offset that a query asks for."""
    query = parse_qs(request.scope["query_string"].decode("latin-1"), keep_blank_values=True)
    limit = number(query.get("limit", ["100"])[-1], 1, 1000)
    offset = number(query.get("offset", ["0"])[-1], 0, MAX_BIGINT)
    if limit is None or offset is None:
        wrong = [name for name, value in (("limit", limit), ("offset", offset)) if value is None]
        raise Problem(422, errors=dict.fromkeys(wrong, "Must be a number in range."))
    return limit, offset


def number(digits: str, least: int, most: int) -> int | None:
    """The number that ASCII digits mean; None when they are none, or it is out of range."""
    if not (digits.isascii() and digits.isdigit()):
        return None
    significant = digits.lstrip("0") or "0"
    if len(significant) > len(str(most)):  # int() refuses thousands of digits
        return None
    value = int(significant)
    return value if least <= value <= most else None
