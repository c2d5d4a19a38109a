"""Routes that say whether the service is there: /ping without the database, /readyz with it."""

from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy import text

from app.database import engine
from app.effective import server_settings, service_settings
from app.problems import described
from app.routing import Route
from app.settings import read_versions

router = APIRouter(tags=["health"], route_class=Route)

VERSIONS = read_versions()


@router.get("/ping", responses=described())
async def ping() -> dict[str, str]:
    return {"status": "ok"}


@router.get("/readyz", responses=described(503))
def readyz(request: Request) -> dict[str, Any]:
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
    effective = server_settings(request) | service_settings(request.app)
    return {"status": "ok", "versions": VERSIONS, "settings": effective}
