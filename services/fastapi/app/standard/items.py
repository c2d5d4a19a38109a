"""The routes of items. Each is served with and without a slash at its end."""

from typing import Any

from fastapi import APIRouter, Depends, HTTPException
from sqlalchemy import select
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from app.dependencies import require_json
from app.models import Item
from app.schemas import ItemId, ItemIn, ItemOut, Limit, Offset
from app.standard.database import SessionDep

router = APIRouter(prefix="/items", tags=["items"])
json_body = [Depends(require_json)]


@router.get("/", response_model=list[ItemOut])
@router.get("", response_model=list[ItemOut], include_in_schema=False)
def list_items(session: SessionDep, limit: Limit = 100, offset: Offset = 0) -> Any:
    items = session.scalars(select(Item).order_by(Item.id).limit(limit).offset(offset))
    return items.all()


@router.post("/", response_model=ItemOut, status_code=201, dependencies=json_body)
@router.post(
    "", response_model=ItemOut, status_code=201, dependencies=json_body, include_in_schema=False
)
def create_item(session: SessionDep, body: ItemIn) -> Any:
    item = Item(**body.model_dump())
    session.add(item)
    return committed(session, item)


@router.get("/{item_id}", response_model=ItemOut)
@router.get("/{item_id}/", response_model=ItemOut, include_in_schema=False)
def read_item(session: SessionDep, item_id: ItemId) -> Any:
    item = session.get(Item, item_id)
    if item is None:
        raise HTTPException(404)
    return item


@router.put("/{item_id}", response_model=ItemOut, dependencies=json_body)
@router.put("/{item_id}/", response_model=ItemOut, dependencies=json_body, include_in_schema=False)
def replace_item(session: SessionDep, item_id: ItemId, body: ItemIn) -> Any:
    item = session.get(Item, item_id)
    if item is None:
        raise HTTPException(404)
    for field, value in body.model_dump().items():
        setattr(item, field, value)
    return committed(session, item)


@router.delete("/{item_id}", status_code=204)
@router.delete("/{item_id}/", status_code=204, include_in_schema=False)
def delete_item(session: SessionDep, item_id: ItemId) -> None:
    item = session.get(Item, item_id)
    if item is None:
        raise HTTPException(404)
    session.delete(item)
    session.commit()


def committed(session: Session, item: Item) -> Item:
    """The item as it is in the database after a commit.

    404 when another client has deleted it: before the commit, or between it and the look at it.
    """
    try:
        session.commit()
        session.refresh(item)
    except (StaleDataError, InvalidRequestError) as error:
        raise HTTPException(404) from error
    return item
