"""The routes of items.

Handlers are plain functions: FastAPI runs each in its thread pool, once, and all blocking work
(the connection from the pool, the statement, the JSON) is done there. They answer bytes that are
JSON already, since FastAPI would take a second trip to the thread pool to validate an answer.
"""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from app.database import engine
from app.items import queries
from app.items.schemas import Digits, ItemIn, ItemRead, item_json, items_json
from app.problems import OF_A_BODY, ItemNotFound, described
from app.routing import MAX_BIGINT, EitherSlashRoute, JsonBytes

router = APIRouter(prefix="/items", tags=["items"], route_class=EitherSlashRoute)

ItemId = Annotated[int, Path(description="The item's number.")]
Limit = Annotated[int, Digits, Query(ge=1, le=1000)]
Offset = Annotated[int, Digits, Query(ge=0, le=MAX_BIGINT)]


def require_storable(item_id: int) -> None:
    """404 for an id that no row can have, before a connection is taken for it."""
    if item_id > MAX_BIGINT:
        raise ItemNotFound


@router.get("/{item_id:id}", response_model=ItemRead, responses=described(404, 503))
def read_item(item_id: ItemId) -> Response:
    require_storable(item_id)
    with engine.connect() as connection:
        item = queries.read_item(connection, item_id)
    if item is None:
        raise ItemNotFound
    return JsonBytes(item_json(item))


@router.put("/{item_id:id}", response_model=ItemRead, responses=described(*OF_A_BODY, 404, 503))
def replace_item(item_id: ItemId, item: ItemIn) -> Response:
    require_storable(item_id)
    with engine.connect() as connection:
        replaced = queries.replace_item(connection, item_id, item)
    if replaced is None:
        raise ItemNotFound
    return JsonBytes(item_json(replaced))


@router.delete("/{item_id:id}", status_code=204, responses=described(404, 503))
def delete_item(item_id: ItemId) -> Response:
    require_storable(item_id)
    with engine.connect() as connection:
        if not queries.delete_item(connection, item_id):
            raise ItemNotFound
    return Response(status_code=204)


@router.get("/", response_model=list[ItemRead], responses=described(422, 503))
def list_items(limit: Limit = 100, offset: Offset = 0) -> Response:
    with engine.connect() as connection:
        items = queries.list_items(connection, limit, offset)
    return JsonBytes(items_json(items))


@router.post("/", response_model=ItemRead, status_code=201, responses=described(*OF_A_BODY, 503))
def create_item(item: ItemIn) -> Response:
    with engine.connect() as connection:
        created = queries.create_item(connection, item)
    return JsonBytes(item_json(created), status_code=201)
