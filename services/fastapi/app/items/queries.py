"""The statements on items, each built once: SQLAlchemy then finds its compiled SQL by identity.

They run on a plain connection. Nothing here needs a session's identity map or unit of work: every
operation is one statement, and its rows go straight into JSON.
"""

from collections.abc import Iterable
from typing import Any, cast

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from app.items.models import Item
from app.items.schemas import ItemIn, ItemRead

FIELDS = ("id", "name", "description", "price", "in_stock")
COLUMNS = [getattr(Item, field) for field in FIELDS]

SELECT_ONE = select(*COLUMNS).where(Item.id == bindparam("item_id"))
SELECT_PAGE = (
    select(*COLUMNS).order_by(Item.id).limit(bindparam("limit")).offset(bindparam("offset"))
)
INSERT = insert(Item).returning(Item.id)
UPDATE = (
    update(Item)
    .where(Item.id == bindparam("item_id"))
    .values({field: bindparam(field) for field in FIELDS[1:]})
)
DELETE = delete(Item).where(Item.id == bindparam("item_id"))


def read_item(connection: Connection, item_id: int) -> ItemRead | None:
    row = connection.execute(SELECT_ONE, {"item_id": item_id}).one_or_none()
    return None if row is None else as_item(row)


def list_items(connection: Connection, limit: int, offset: int) -> list[ItemRead]:
    rows = connection.execute(SELECT_PAGE, {"limit": limit, "offset": offset})
    return [as_item(row) for row in rows.all()]


def create_item(connection: Connection, item: ItemIn) -> ItemRead:
    values = vars(item)
    item_id = connection.execute(INSERT, values).scalar_one()
    return as_item((item_id, *values.values()))


def replace_item(connection: Connection, item_id: int, item: ItemIn) -> ItemRead | None:
    values = vars(item)
    updated = connection.execute(UPDATE, {"item_id": item_id, **values}).rowcount
    return as_item((item_id, *values.values())) if updated else None


def delete_item(connection: Connection, item_id: int) -> bool:
    return connection.execute(DELETE, {"item_id": item_id}).rowcount == 1


def as_item(row: Iterable[Any]) -> ItemRead:
    return cast("ItemRead", dict(zip(FIELDS, row, strict=True)))
