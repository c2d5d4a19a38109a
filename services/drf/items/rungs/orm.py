"""Querysets and instances, as in `standard`; what becomes an answer is written by hand."""

from typing import Any

from ..models import Item

ITEMS = Item.objects.order_by("id")


def as_dict(item: Item) -> dict[str, Any]:
    return {
        "id": item.pk,
        "name": item.name,
        "description": item.description,
        "price": item.price,
        "in_stock": item.in_stock,
    }


def find(item_id: int) -> Item | None:
    try:
        return ITEMS.get(pk=item_id)
    except Item.DoesNotExist:
        return None


def list_items(limit: int, offset: int) -> list[dict[str, Any]]:
    return [as_dict(item) for item in ITEMS.all()[offset : offset + limit]]


def create_item(values: dict[str, Any]) -> dict[str, Any]:
    return as_dict(Item.objects.create(**values))


def read_item(item_id: int) -> dict[str, Any] | None:
    item = find(item_id)
    return None if item is None else as_dict(item)


def update_item(item_id: int, values: dict[str, Any]) -> dict[str, Any] | None:
    item = find(item_id)
    if item is None:
        return None
    for name, value in values.items():
        setattr(item, name, value)
    item.save(force_update=True)
    return as_dict(item)


def delete_item(item_id: int) -> bool:
    item = find(item_id)
    if item is None:
        return False
    item.delete()
    return True
