"""Routes that need no database: what a request costs without it."""

from fastapi import APIRouter, Response

from app.problems import RESPONSES
from app.schemas import ItemIn
from app.tuned.routing import JsonBytes, Route

router = APIRouter(tags=["probes"], responses=RESPONSES, route_class=Route)


@router.get("/ping")
async def ping() -> Response:
    return JsonBytes({"status": "ok"})


@router.post("/echo", response_model=ItemIn)
async def echo(item: ItemIn) -> Response:
    return JsonBytes(item.model_dump())
