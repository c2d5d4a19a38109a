"""A long story of operations on items, good and faulty."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from .answer import encoded


@dataclass(frozen=True)
class Step:
    """One request of the story: an operation on this item, or on the items after so many."""

    kind: Literal["create", "replace", "delete", "read", "list"]
    path: str
    number: int
    sent: dict[str, object] | None = None

    @property
    def request(self) -> tuple[str, str, bytes | None]:
        """Method, path and body."""
        methods = {"create": "POST", "replace": "PUT", "delete": "DELETE"}
        body = None if self.sent is None else encoded(self.sent)
        return methods.get(self.kind, "GET"), self.path, body

    @property
    def item(self) -> dict[str, object] | None:
        """The item that is meant; None when what is sent is none."""
        if self.sent is None or isinstance(self.sent["price"], str):
            return None
        return {"description": "", "in_stock": True} | self.sent


def story(steps: int, seed: int) -> Iterator[Step]:
    """So many random steps, the same for each seed."""
    chance = random.Random(seed)
    for step in range(steps):
        number = chance.randint(1, 40)
        price: object = "free" if chance.random() < 0.2 else round(chance.uniform(0, 1e6), 2)
        sent = {"name": f"Item {step}", "price": price}
        if chance.random() < 0.5:
            sent["in_stock"] = chance.random() < 0.5
        yield chance.choice([
            Step("create", "/items/", number, sent),
            Step("create", "/items", number, sent),
            Step("replace", f"/items/{number}", number, sent),
            Step("delete", f"/items/{number}/", number),
            Step("read", f"/items/{number}", number),
            Step("list", f"/items/?offset={number}&limit=5", number),
        ])  # fmt: skip
