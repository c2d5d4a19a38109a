"""Items: create, read, update, delete and list."""

from typing import Any

from flask import Blueprint, abort, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Delete, Update, bindparam, delete, insert, select, update

from inventory.extensions import db
from inventory.models import Item
from inventory.schemas import item_schema, page_schema

bp = Blueprint("items", __name__, url_prefix="/items")

# Statements are built once: SQLAlchemy then finds their compiled form by a key it has kept.
# Columns instead of whole entities, because a response needs no tracked objects, and nothing is
# tracked that a write would have to be synchronized with.
COLUMNS = (Item.id, Item.name, Item.description, Item.price, Item.in_stock)
WRITABLE = {column.key: bindparam(column.key) for column in COLUMNS[1:]}
BY_ID = Item.id == bindparam("item_id")
UNTRACKED: dict[str, Any] = {"synchronize_session": False}

LIST = select(*COLUMNS).order_by(Item.id).limit(bindparam("limit")).offset(bindparam("offset"))
READ = select(*COLUMNS).where(BY_ID)
CREATE = insert(Item).returning(Item.id)
UPDATE = update(Item).where(BY_ID).values(WRITABLE).execution_options(**UNTRACKED)
DELETE = delete(Item).where(BY_ID).execution_options(**UNTRACKED)


@bp.get("", strict_slashes=False)
def list_items() -> ResponseReturnValue:
    page = page_schema.load(request.args)
    return [row._asdict() for row in db.session.execute(LIST, page)]


@bp.post("", strict_slashes=False)
def create_item() -> ResponseReturnValue:
    data = item_schema.load(request.json_body())
    item_id = db.session.execute(CREATE, data).scalar_one()
    return {"id": item_id, **data}, 201


@bp.get("/<item_id:item_id>", strict_slashes=False)
def read_item(item_id: int) -> ResponseReturnValue:
    row = db.session.execute(READ, {"item_id": item_id}).first()
    if row is None:
        abort(404)
    return row._asdict()


@bp.put("/<item_id:item_id>", strict_slashes=False)
def update_item(item_id: int) -> ResponseReturnValue:
    data = item_schema.load(request.json_body())
    change(UPDATE, {"item_id": item_id, **data})
    return {"id": item_id, **data}


@bp.delete("/<item_id:item_id>", strict_slashes=False)
def delete_item(item_id: int) -> ResponseReturnValue:
    change(DELETE, {"item_id": item_id})
    return "", 204


def change(statement: Update | Delete, parameters: dict[str, Any]) -> None:
    """Change one item. The number of rows tells whether it was there, in the same statement."""
    result = db.session.execute(statement, parameters)
    if result.rowcount == 0:
        abort(404)
