"""Routes that need no database: what a request costs without it."""

from fastapi import APIRouter, Depends

from app.dependencies import require_json
from app.schemas import ItemIn

router = APIRouter(tags=["probes"])


@router.get("/ping")
async def ping() -> dict[str, str]:
    return {"status": "ok"}


@router.post("/echo", dependencies=[Depends(require_json)])
async def echo(item: ItemIn) -> ItemIn:
    return item
