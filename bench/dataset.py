"""The rows that every cell starts from, and the bodies that writes send. Pure and seeded.

Row `id` is a function of its id alone, so that a reader can check any answer in full without
asking the database what it should have been.
"""

import random
from collections.abc import Iterator
from typing import TypedDict


class ItemFields(TypedDict):
    """What a client sends: an item without its id."""

    name: str
    description: str
    price: float
    in_stock: bool


CRUD_ITEM: ItemFields = {
    "name": "Test Item",
    "description": "A performance benchmark item",
    "price": 99.99,
    "in_stock": True,
}
"""The body that the `crud` scenario creates."""


def row(item_id: int) -> ItemFields:
    """The loaded row with this id. Prices are whole cents, so that doubles print short."""
    return {
        "name": f"Item {item_id:06d}",
        "description": f"Row {item_id} of the data set that every cell starts from",
        "price": (item_id * 7919 % 100_000) / 100,
        "in_stock": item_id % 3 != 0,
    }


def copy_lines(rows: int) -> Iterator[str]:
    """Rows 1..`rows` in the text format of PostgreSQL's COPY, ids included."""
    for item_id in range(1, rows + 1):
        item = row(item_id)
        stock = "t" if item["in_stock"] else "f"
        yield f"{item_id}\t{item['name']}\t{item['description']}\t{item['price']!r}\t{stock}\n"


def payloads(seed: int, count: int) -> list[ItemFields]:
    """`count` bodies for writes. None equals a loaded row: updates change something."""
    rng = random.Random(seed)
    return [
        {
            "name": f"Test Item {rng.randint(1, 1000)}",
            "description": f"Description for item {rng.randint(1, 1000)}, written by the lab",
            "price": rng.randint(1_000, 100_000) / 100,
            "in_stock": rng.random() < 0.5,
        }
        for _ in range(count)
    ]
