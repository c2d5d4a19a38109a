"""psycopg2 by hand: a connection that each thread keeps to itself, and one statement a request."""

import os
import threading
from typing import Any

import psycopg2

COLUMNS = ("id", "name", "description", "price", "in_stock")
LIST = """
    SELECT id, name, description, price, in_stock FROM items
    ORDER BY id LIMIT %(limit)s OFFSET %(offset)s
"""
CREATE = """
    INSERT INTO items (name, description, price, in_stock)
    VALUES (%(name)s, %(description)s, %(price)s, %(in_stock)s)
    RETURNING id, name, description, price, in_stock
"""
READ = "SELECT id, name, description, price, in_stock FROM items WHERE id = %(id)s"
UPDATE = """
    UPDATE items
    SET name = %(name)s, description = %(description)s, price = %(price)s, in_stock = %(in_stock)s
    WHERE id = %(id)s
    RETURNING id, name, description, price, in_stock
"""
DELETE = "DELETE FROM items WHERE id = %(id)s RETURNING id, name, description, price, in_stock"

thread = threading.local()


def execute(statement: str, values: dict[str, Any]) -> list[dict[str, Any]]:
    if not hasattr(thread, "connection"):
        thread.connection = psycopg2.connect(os.environ["DATABASE_URL"])
        thread.connection.autocommit = True
    with thread.connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [dict(zip(COLUMNS, row, strict=True)) for row in cursor.fetchall()]


def one(rows: list[dict[str, Any]]) -> dict[str, Any] | None:
    return rows[0] if rows else None


def list_items(limit: int, offset: int) -> list[dict[str, Any]]:
    return execute(LIST, {"limit": limit, "offset": offset})


def create_item(values: dict[str, Any]) -> dict[str, Any]:
    return execute(CREATE, values)[0]


def read_item(item_id: int) -> dict[str, Any] | None:
    return one(execute(READ, {"id": item_id}))


def update_item(item_id: int, values: dict[str, Any]) -> dict[str, Any] | None:
    return one(execute(UPDATE, {"id": item_id, **values}))


def delete_item(item_id: int) -> bool:
    return bool(execute(DELETE, {"id": item_id}))
