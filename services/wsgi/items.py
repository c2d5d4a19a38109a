"""Items: list, create, read, update and delete, one statement each. And echo, with none."""

from typing import Any

from database import execute
from problems import Problem
from validation import item_in, page_in

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
DELETE = "DELETE FROM items WHERE id = %(id)s RETURNING id"

Answer = tuple[int, Any]


def list_items(environ: dict[str, Any]) -> Answer:
    return 200, execute(LIST, page_in(environ))


def create_item(environ: dict[str, Any]) -> Answer:
    return 201, one(execute(CREATE, item_in(environ)))


def read_item(_: dict[str, Any], item_id: int) -> Answer:
    return 200, one(execute(READ, {"id": item_id}))


def update_item(environ: dict[str, Any], item_id: int) -> Answer:
    return 200, one(execute(UPDATE, {"id": item_id, **item_in(environ)}))


def delete_item(_: dict[str, Any], item_id: int) -> Answer:
    one(execute(DELETE, {"id": item_id}))
    return 204, None


def echo(environ: dict[str, Any]) -> Answer:
    return 200, item_in(environ)


def one(found: list[dict[str, Any]]) -> dict[str, Any]:
    if not found:
        raise Problem(404)
    return found[0]
