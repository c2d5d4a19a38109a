"""SQLAlchemy without its ORM: its pool, its transaction and its statements."""

from typing import Any

from sqlalchemy import delete, insert, select, update

from inventory.extensions import db
from inventory.models import Item

items = Item.metadata.tables["items"]


def one(rows: Any) -> dict[str, Any] | None:
    row = rows.mappings().one_or_none()
    return None if row is None else dict(row)


def list_items(limit: int, offset: int) -> list[dict[str, Any]]:
    statement = select(items).order_by(items.c.id).limit(limit).offset(offset)
    with db.engine.connect() as connection:
        return [dict(row) for row in connection.execute(statement).mappings()]


def create_item(values: dict[str, Any]) -> dict[str, Any]:
    with db.engine.begin() as connection:
        statement = insert(items).values(values).returning(*items.c)
        return dict(connection.execute(statement).mappings().one())


def read_item(item_id: int) -> dict[str, Any] | None:
    with db.engine.connect() as connection:
        return one(connection.execute(select(items).where(items.c.id == item_id)))


def update_item(item_id: int, values: dict[str, Any]) -> dict[str, Any] | None:
    statement = update(items).where(items.c.id == item_id).values(values).returning(*items.c)
    with db.engine.begin() as connection:
        return one(connection.execute(statement))


def delete_item(item_id: int) -> bool:
    with db.engine.begin() as connection:
        return bool(connection.execute(delete(items).where(items.c.id == item_id)).rowcount)
