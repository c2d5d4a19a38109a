"""The routes of items.

A handler is a plain function: FastAPI runs it in its thread pool, once, and all blocking work (the
connection from the pool, the statement, the JSON) is done there. It answers bytes that are JSON
already, since FastAPI would take a second trip to the thread pool to validate an answer.
"""

from typing import Any

from fastapi import APIRouter, HTTPException, Response
from sqlalchemy import Row, bindparam, delete, insert, select, update

from app.models import Item
from app.problems import RESPONSES
from app.schemas import ItemId, ItemIn, ItemOut, Limit, Offset
from app.tuned.database import engine
from app.tuned.routing import EitherSlashRoute, JsonBytes

router = APIRouter(
    prefix="/items", tags=["items"], responses=RESPONSES, route_class=EitherSlashRoute
)

FIELDS = tuple(ItemOut.model_fields)
COLUMNS = [getattr(Item, field) for field in FIELDS]

# Each statement is built once: SQLAlchemy then finds its compiled SQL by identity.
SELECT_PAGE = (
    select(*COLUMNS).order_by(Item.id).limit(bindparam("limit")).offset(bindparam("offset"))
)
INSERT = insert(Item).returning(Item.id)
SELECT_ONE = select(*COLUMNS).where(Item.id == bindparam("item_id"))
UPDATE = (
    update(Item)
    .where(Item.id == bindparam("item_id"))
    .values({field: bindparam(field) for field in ItemIn.model_fields})
)
DELETE = delete(Item).where(Item.id == bindparam("item_id"))


def as_item(row: Row[Any]) -> dict[str, Any]:
    return dict(zip(FIELDS, row, strict=True))


@router.get("/", response_model=list[ItemOut])
def list_items(limit: Limit = 100, offset: Offset = 0) -> Response:
    with engine.connect() as connection:
        rows = connection.execute(SELECT_PAGE, {"limit": limit, "offset": offset}).all()
    return JsonBytes([as_item(row) for row in rows])


@router.post("/", response_model=ItemOut, status_code=201)
def create_item(body: ItemIn) -> Response:
    values = body.model_dump()
    with engine.connect() as connection:
        item_id = connection.execute(INSERT, values).scalar_one()
    return JsonBytes({"id": item_id, **values}, status_code=201)


@router.get("/{item_id:id}", response_model=ItemOut)
def read_item(item_id: ItemId) -> Response:
    with engine.connect() as connection:
        row = connection.execute(SELECT_ONE, {"item_id": item_id}).one_or_none()
    if row is None:
        raise HTTPException(404)
    return JsonBytes(as_item(row))


@router.put("/{item_id:id}", response_model=ItemOut)
def replace_item(item_id: ItemId, body: ItemIn) -> Response:
    values = body.model_dump()
    with engine.connect() as connection:
        updated = connection.execute(UPDATE, {"item_id": item_id, **values}).rowcount
    if not updated:
        raise HTTPException(404)
    return JsonBytes({"id": item_id, **values})


@router.delete("/{item_id:id}", status_code=204)
def delete_item(item_id: ItemId) -> Response:
    with engine.connect() as connection:
        deleted = connection.execute(DELETE, {"item_id": item_id}).rowcount
    if not deleted:
        raise HTTPException(404)
    return Response(status_code=204)
