"""Items: list, create, read, update and delete."""

from collections.abc import Iterable
from typing import Any

from flask import Blueprint, Response, abort, request
from flask.typing import ResponseReturnValue
from sqlalchemy import BindParameter, Delete, Row, Update, bindparam, delete, insert, select, update

from inventory.extensions import db
from inventory.models import Item
from inventory.tuned.protocol import MAX_BIGINT, json_body
from inventory.tuned.schemas import item_schema, page_schema

bp = Blueprint("items", __name__, url_prefix="/items")

ONE = "/<item_id:item_id>"

# Statements are built once: SQLAlchemy then finds their compiled form by a key it has kept.
# They run on a connection rather than in `db.session`: each request is one statement, so there is
# no object to track and nothing to flush, and a session would cost more than the statement.
COLUMNS = (Item.id, Item.name, Item.description, Item.price, Item.in_stock)
WRITABLE: dict[str, BindParameter[Any]] = {
    column.key: bindparam(column.key) for column in COLUMNS[1:]
}
BY_ID = Item.id == bindparam("item_id")

LIST = select(*COLUMNS).order_by(Item.id).limit(bindparam("limit")).offset(bindparam("offset"))
CREATE = insert(Item).returning(Item.id)
READ = select(*COLUMNS).where(BY_ID)
UPDATE = update(Item).where(BY_ID).values(WRITABLE)
DELETE = delete(Item).where(BY_ID)


@bp.get("", strict_slashes=False)
def list_items() -> ResponseReturnValue:
    # Of a parameter given twice the last counts, as in most frameworks; Werkzeug takes the first.
    page = page_schema.load({name: values[-1] for name, values in request.args.lists()})
    with db.engine.connect() as connection:
        rows = connection.execute(LIST, page).all()
    return serialize(rows)


@bp.post("", strict_slashes=False)
def create_item() -> ResponseReturnValue:
    data = item_schema.load(json_body())
    with db.engine.connect() as connection:
        item_id = connection.execute(CREATE, data).scalar_one()
    return {"id": item_id, **data}, 201


@bp.get(ONE, strict_slashes=False)
def read_item(item_id: int) -> ResponseReturnValue:
    require_storable(item_id)
    with db.engine.connect() as connection:
        rows = connection.execute(READ, {"item_id": item_id}).all()
    if not rows:
        abort(404)
    return serialize(rows)[0]


@bp.put(ONE, strict_slashes=False)
def update_item(item_id: int) -> ResponseReturnValue:
    data = item_schema.load(json_body())
    require_storable(item_id)
    change(UPDATE, {"item_id": item_id, **data})
    return {"id": item_id, **data}


@bp.delete(ONE, strict_slashes=False)
def delete_item(item_id: int) -> ResponseReturnValue:
    require_storable(item_id)
    change(DELETE, {"item_id": item_id})
    response = Response(status=204)
    del response.headers["Content-Type"]  # no body, so no type of one
    return response


def require_storable(item_id: int) -> None:
    """404 for an id that no row can have, before a connection is taken for it."""
    if item_id > MAX_BIGINT:
        abort(404)


def change(statement: Update | Delete, parameters: dict[str, Any]) -> None:
    """Change one item. The number of rows tells whether it was there, in the same statement."""
    with db.engine.connect() as connection:
        found = connection.execute(statement, parameters).rowcount
    if not found:
        abort(404)


def serialize(rows: Iterable[Row[int, str, str, float, bool]]) -> list[dict[str, Any]]:
    """What the database returns is valid already and of the right types; it needs only names."""
    return [
        {
            "id": row.id,
            "name": row.name,
            "description": row.description,
            "price": row.price,
            "in_stock": row.in_stock,
        }
        for row in rows
    ]
