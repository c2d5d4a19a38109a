"""The routes of items, over functions that give and take plain values."""

import os
from importlib import import_module
from typing import Any

from flask import Blueprint, abort, request
from flask.typing import ResponseReturnValue

from inventory.standard.items import MAX_BIGINT
from inventory.standard.schemas import item_schema, page_schema

bp = Blueprint("items", __name__, url_prefix="/items")
data = import_module(f"inventory.rungs.{os.environ['RUNG']}")


def found(item: dict[str, Any] | None) -> dict[str, Any]:
    return abort(404) if item is None else item


def storable(item_id: int) -> int:
    return abort(404) if item_id > MAX_BIGINT else item_id


@bp.get("", strict_slashes=False)
def list_items() -> ResponseReturnValue:
    page = page_schema.load(request.args)
    items: list[Any] = data.list_items(page["limit"], page["offset"])
    return items


@bp.post("", strict_slashes=False)
def create_item() -> ResponseReturnValue:
    return data.create_item(item_schema.load(request.get_json())), 201


@bp.get("/<int:item_id>", strict_slashes=False)
def read_item(item_id: int) -> ResponseReturnValue:
    return found(data.read_item(storable(item_id)))


@bp.put("/<int:item_id>", strict_slashes=False)
def update_item(item_id: int) -> ResponseReturnValue:
    values = item_schema.load(request.get_json())
    return found(data.update_item(storable(item_id), values))


@bp.delete("/<int:item_id>", strict_slashes=False)
def delete_item(item_id: int) -> ResponseReturnValue:
    if not data.delete_item(storable(item_id)):
        abort(404)
    return "", 204
