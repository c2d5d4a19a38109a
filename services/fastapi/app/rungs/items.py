"""The routes of items, over functions that give and take plain values."""

import os
from importlib import import_module
from typing import Any

from fastapi import APIRouter, Depends, HTTPException, Response
from fastapi.responses import JSONResponse

from app.dependencies import require_json
from app.schemas import ItemId, ItemIn, Limit, Offset

router = APIRouter(prefix="/items")
json_body = [Depends(require_json)]
data = import_module(f"app.rungs.{os.environ['RUNG']}")


def found(item: dict[str, Any] | None) -> dict[str, Any]:
    if item is None:
        raise HTTPException(404)
    return item


@router.get("/")
@router.get("")
def list_items(limit: Limit = 100, offset: Offset = 0) -> Response:
    return JSONResponse(data.list_items(limit, offset))


@router.post("/", dependencies=json_body)
@router.post("", dependencies=json_body)
def create_item(body: ItemIn) -> Response:
    return JSONResponse(data.create_item(body.model_dump()), 201)


@router.get("/{item_id}")
@router.get("/{item_id}/")
def read_item(item_id: ItemId) -> Response:
    return JSONResponse(found(data.read_item(item_id)))


@router.put("/{item_id}", dependencies=json_body)
@router.put("/{item_id}/", dependencies=json_body)
def replace_item(item_id: ItemId, body: ItemIn) -> Response:
    return JSONResponse(found(data.replace_item(item_id, body.model_dump())))


@router.delete("/{item_id}", status_code=204)
@router.delete("/{item_id}/", status_code=204)
def delete_item(item_id: ItemId) -> Response:
    if not data.delete_item(item_id):
        raise HTTPException(404)
    return Response(status_code=204)
