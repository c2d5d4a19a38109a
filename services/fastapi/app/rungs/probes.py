"""What a request costs without the database, in a thread."""

import os
from typing import Any

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse

from app.dependencies import require_json
from app.readiness import SERVER, VERSIONS
from app.schemas import ItemIn

router = APIRouter(tags=["probes"])


@router.get("/ping")
def ping() -> dict[str, str]:
    return {"status": "ok"}


@router.post("/echo", dependencies=[Depends(require_json)])
def echo(item: ItemIn) -> JSONResponse:
    return JSONResponse(item.model_dump())


@router.get("/readyz")
def readyz() -> dict[str, Any]:
    """The first request of an item finds out whether the database answers."""
    in_force = {"driver": "psycopg2", "connection_check": False, "rung": os.environ["RUNG"]}
    return {"status": "ok", "versions": VERSIONS, "settings": SERVER | in_force}
