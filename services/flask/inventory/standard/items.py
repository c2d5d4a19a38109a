"""Items: list, create, read, update and delete."""

from flask import Blueprint, abort, request
from flask.typing import ResponseReturnValue

from inventory.extensions import db
from inventory.models import Item
from inventory.standard.schemas import item_schema, items_schema, page_schema

bp = Blueprint("items", __name__, url_prefix="/items")

MAX_BIGINT = 2**63 - 1


@bp.get("", strict_slashes=False)
def list_items() -> ResponseReturnValue:
    page = page_schema.load(request.args)
    query = db.select(Item).order_by(Item.id).limit(page["limit"]).offset(page["offset"])
    return items_schema.dump(db.session.scalars(query))


@bp.post("", strict_slashes=False)
def create_item() -> ResponseReturnValue:
    item = Item(**item_schema.load(request.get_json()))
    db.session.add(item)
    db.session.commit()
    return item_schema.dump(item), 201


@bp.get("/<int:item_id>", strict_slashes=False)
def read_item(item_id: int) -> ResponseReturnValue:
    item = get_item(item_id)
    return item_schema.dump(item)


@bp.put("/<int:item_id>", strict_slashes=False)
def update_item(item_id: int) -> ResponseReturnValue:
    data = item_schema.load(request.get_json())
    item = get_item(item_id)
    for name, value in data.items():
        setattr(item, name, value)
    db.session.commit()
    return item_schema.dump(item)


@bp.delete("/<int:item_id>", strict_slashes=False)
def delete_item(item_id: int) -> ResponseReturnValue:
    item = get_item(item_id)
    db.session.delete(item)
    db.session.commit()
    return "", 204


def get_item(item_id: int) -> Item:
    if item_id > MAX_BIGINT:  # PostgreSQL could not even look for it
        abort(404)
    return db.get_or_404(Item, item_id)
