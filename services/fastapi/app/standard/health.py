"""Whether the database answers."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from sqlalchemy import text

from app.readiness import readiness, server_threads
from app.standard.database import SessionDep, engine

router = APIRouter(tags=["probes"])


@router.get("/readyz")
def readyz(
    request: Request, session: SessionDep, threads: Annotated[int, Depends(server_threads)]
) -> dict[str, Any]:
    session.execute(text("SELECT 1"))
    return readiness(request.app, engine, server_threads=threads)
