"""The routes of items. Each is served with and without a slash at its end."""

from typing import Any

from fastapi import APIRouter, Depends, HTTPException
from sqlalchemy import select
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.exc import StaleDataError

from app.asynchronous.database import SessionDep
from app.dependencies import require_json
from app.models import Item
from app.schemas import ItemId, ItemIn, ItemOut, Limit, Offset

router = APIRouter(prefix="/items", tags=["items"])
json_body = [Depends(require_json)]


@router.get("/", response_model=list[ItemOut])
@router.get("", response_model=list[ItemOut], include_in_schema=False)
async def list_items(session: SessionDep, limit: Limit = 100, offset: Offset = 0) -> Any:
    items = await session.scalars(select(Item).order_by(Item.id).limit(limit).offset(offset))
    return items.all()


@router.post("/", response_model=ItemOut, status_code=201, dependencies=json_body)
@router.post(
    "", response_model=ItemOut, status_code=201, dependencies=json_body, include_in_schema=False
)
async def create_item(session: SessionDep, body: ItemIn) -> Any:
    item = Item(**body.model_dump())
    session.add(item)
    return await committed(session, item)


@router.get("/{item_id}", response_model=ItemOut)
@router.get("/{item_id}/", response_model=ItemOut, include_in_schema=False)
async def read_item(session: SessionDep, item_id: ItemId) -> Any:
    item = await session.get(Item, item_id)
    if item is None:
        raise HTTPException(404)
    return item


@router.put("/{item_id}", response_model=ItemOut, dependencies=json_body)
@router.put("/{item_id}/", response_model=ItemOut, dependencies=json_body, include_in_schema=False)
async def replace_item(session: SessionDep, item_id: ItemId, body: ItemIn) -> Any:
    item = await session.get(Item, item_id)
    if item is None:
        raise HTTPException(404)
    for field, value in body.model_dump().items():
        setattr(item, field, value)
    return await committed(session, item)


@router.delete("/{item_id}", status_code=204)
@router.delete("/{item_id}/", status_code=204, include_in_schema=False)
async def delete_item(session: SessionDep, item_id: ItemId) -> None:
    item = await session.get(Item, item_id)
    if item is None:
        raise HTTPException(404)
    await session.delete(item)
    await session.commit()


async def committed(session: AsyncSession, item: Item) -> Item:
    """The item as it is in the database after a commit.

    404 when another client has deleted it: before the commit, or between it and the look at it.
    """
    try:
        await session.commit()
        await session.refresh(item)
    except (StaleDataError, InvalidRequestError) as error:
        raise HTTPException(404) from error
    return item
