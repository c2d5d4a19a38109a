"""The routes of `standard`, whose answers are written by hand: no model validates them."""

from typing import Any

from fastapi import APIRouter, Depends, HTTPException, Response
from fastapi.responses import JSONResponse
from sqlalchemy import select

from app.dependencies import require_json
from app.models import Item
from app.schemas import ItemId, ItemIn, Limit, Offset
from app.standard.database import SessionDep
from app.standard.items import committed

router = APIRouter(prefix="/items")
json_body = [Depends(require_json)]


def as_dict(item: Item) -> dict[str, Any]:
    return {
        "id": item.id,
        "name": item.name,
        "description": item.description,
        "price": item.price,
        "in_stock": item.in_stock,
    }


def found(item: Item | None) -> Item:
    if item is None:
        raise HTTPException(404)
    return item


@router.get("/")
@router.get("")
def list_items(session: SessionDep, limit: Limit = 100, offset: Offset = 0) -> Response:
    items = session.scalars(select(Item).order_by(Item.id).limit(limit).offset(offset))
    return JSONResponse([as_dict(item) for item in items.all()])


@router.post("/", dependencies=json_body)
@router.post("", dependencies=json_body)
def create_item(session: SessionDep, body: ItemIn) -> Response:
    item = Item(**body.model_dump())
    session.add(item)
    return JSONResponse(as_dict(committed(session, item)), 201)


@router.get("/{item_id}")
@router.get("/{item_id}/")
def read_item(session: SessionDep, item_id: ItemId) -> Response:
    return JSONResponse(as_dict(found(session.get(Item, item_id))))


@router.put("/{item_id}", dependencies=json_body)
@router.put("/{item_id}/", dependencies=json_body)
def replace_item(session: SessionDep, item_id: ItemId, body: ItemIn) -> Response:
    item = found(session.get(Item, item_id))
    for field, value in body.model_dump().items():
        setattr(item, field, value)
    return JSONResponse(as_dict(committed(session, item)))


@router.delete("/{item_id}", status_code=204)
@router.delete("/{item_id}/", status_code=204)
def delete_item(session: SessionDep, item_id: ItemId) -> Response:
    session.delete(found(session.get(Item, item_id)))
    session.commit()
    return Response(status_code=204)
