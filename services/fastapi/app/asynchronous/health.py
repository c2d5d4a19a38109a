"""Whether the database answers."""

from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy import text

from app.asynchronous.database import SessionDep, engine
from app.readiness import readiness

router = APIRouter(tags=["probes"])


@router.get("/readyz")
async def readyz(request: Request, session: SessionDep) -> dict[str, Any]:
    await session.execute(text("SELECT 1"))
    return readiness(request.app, engine.sync_engine)
