"""What is done with items: one statement each."""

import asyncpg

from app.answers import Answer, Problem, json_answer, no_content
from app.database import fetch
from app.requests import Request, read_id, read_item, read_page

SELECT_PAGE = """
    SELECT id, name, description, price, in_stock FROM items ORDER BY id LIMIT $1 OFFSET $2
"""
INSERT = """
    INSERT INTO items (name, description, price, in_stock) VALUES ($1, $2, $3, $4)
    RETURNING id, name, description, price, in_stock
"""
SELECT_ONE = """
    SELECT id, name, description, price, in_stock FROM items WHERE id = $1
"""
UPDATE = """
    UPDATE items SET name = $2, description = $3, price = $4, in_stock = $5 WHERE id = $1
    RETURNING id, name, description, price, in_stock
"""
DELETE = """
    DELETE FROM items WHERE id = $1 RETURNING id
"""


async def list_items(request: Request) -> Answer:
    rows = await fetch(request.pool, SELECT_PAGE, *read_page(request))
    return json_answer([dict(row) for row in rows])


async def create_item(request: Request) -> Answer:
    item = await read_item(request)
    rows = await fetch(request.pool, INSERT, *item.values())
    return json_answer(the_one(rows), 201)


async def get_item(request: Request) -> Answer:
    rows = await fetch(request.pool, SELECT_ONE, read_id(request))
    return json_answer(the_one(rows))


async def replace_item(request: Request) -> Answer:
    item = await read_item(request)
    rows = await fetch(request.pool, UPDATE, read_id(request), *item.values())
    return json_answer(the_one(rows))


async def delete_item(request: Request) -> Answer:
    the_one(await fetch(request.pool, DELETE, read_id(request)))
    return no_content()


def the_one(rows: list[asyncpg.Record]) -> dict[str, object]:
    """The row that a statement on one item has found; 404 when it has found none."""
    if not rows:
        raise Problem(404)
    return dict(rows[0])
