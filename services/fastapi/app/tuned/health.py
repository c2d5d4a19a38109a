"""Whether the database answers."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from sqlalchemy import text

from app.problems import RESPONSES
from app.readiness import readiness, server_threads
from app.tuned.database import engine
from app.tuned.routing import Route

router = APIRouter(tags=["probes"], responses=RESPONSES, route_class=Route)


@router.get("/readyz")
def readyz(request: Request, threads: Annotated[int, Depends(server_threads)]) -> dict[str, Any]:
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
    return readiness(request.app, engine, server_threads=threads)
