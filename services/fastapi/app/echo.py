"""A route that answers the item it was given, to see what a request costs without a database."""

from fastapi import APIRouter, Response

from app.items.schemas import ItemIn
from app.problems import OF_A_BODY, described
from app.routing import JsonBytes, Route

router = APIRouter(route_class=Route)


@router.post("/echo", response_model=ItemIn, responses=described(*OF_A_BODY))
async def echo(item: ItemIn) -> Response:
    return JsonBytes(item.model_dump_json())
