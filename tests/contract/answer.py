"""What comes back for a request, and the JSON that the contract speaks."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

JSON = "application/json"


@dataclass(frozen=True)
class Answer:
    """What came back for one request."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def content_type(self) -> str | None:
        """The Content-Type as it was sent, with its parameters."""
        return self.headers.get("content-type")

    @property
    def media_type(self) -> str:
        """The Content-Type without its parameters."""
        return (self.content_type or "").partition(";")[0].strip().lower()

    def json(self) -> Any:
        """The parsed body. NaN and Infinity are no JSON, though Python's parser takes them."""
        return json.loads(self.body, parse_constant=_reject_constant)


def _reject_constant(literal: str) -> None:
    raise AssertionError(f"{literal} in a JSON answer")


def encoded(value: object) -> bytes:
    """A value as the contract writes it: compact, UTF-8, members in their order."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def assert_item(told: object, wanted: Mapping[str, object]) -> None:
    """The parsed answer is this item: members in any order, 10 or 10.0, but not 1 for true."""
    assert isinstance(told, dict), told
    assert told == dict(wanted)
    for name, value in told.items():
        assert isinstance(value, bool) == (name == "in_stock"), (name, value)
