"""Django's connection, which a thread keeps and a request takes over; the SQL is by hand."""

from typing import Any

from django.db import connection

from .driver import COLUMNS, CREATE, DELETE, LIST, READ, UPDATE, one


def execute(statement: str, values: dict[str, Any]) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [dict(zip(COLUMNS, row, strict=True)) for row in cursor.fetchall()]


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
