"""A session and instances, as in `standard`; what becomes an answer is written by hand."""

from typing import Any

from inventory.extensions import db
from inventory.models import Item


def as_dict(item: Item) -> dict[str, Any]:
    return {
        "id": item.id,
        "name": item.name,
        "description": item.description,
        "price": item.price,
        "in_stock": item.in_stock,
    }


def list_items(limit: int, offset: int) -> list[dict[str, Any]]:
    query = db.select(Item).order_by(Item.id).limit(limit).offset(offset)
    return [as_dict(item) for item in db.session.scalars(query)]


def create_item(values: dict[str, Any]) -> dict[str, Any]:
    item = Item(**values)
    db.session.add(item)
    db.session.commit()
    return as_dict(item)


def read_item(item_id: int) -> dict[str, Any] | None:
    item = db.session.get(Item, item_id)
    return None if item is None else as_dict(item)


def update_item(item_id: int, values: dict[str, Any]) -> dict[str, Any] | None:
    item = db.session.get(Item, item_id)
    if item is None:
        return None
    for name, value in values.items():
        setattr(item, name, value)
    db.session.commit()
    return as_dict(item)


def delete_item(item_id: int) -> bool:
    item = db.session.get(Item, item_id)
    if item is None:
        return False
    db.session.delete(item)
    db.session.commit()
    return True
