"""The application of the rung that RUNG names."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module

from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI

from app import problems
from app.rungs import probes
from app.settings import settings

ROUTES = {
    "driver": "app.rungs.items",
    "core": "app.rungs.items",
    "orm": "app.rungs.items_orm",
}


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    current_default_thread_limiter().total_tokens = settings.server_threads
    yield


app = FastAPI(
    title="Items",
    version="1.0.0",
    lifespan=lifespan,
    exception_handlers=problems.HANDLERS,
    responses=problems.RESPONSES,
    redirect_slashes=False,
    docs_url=None,
    redoc_url=None,
)
app.include_router(import_module(ROUTES[os.environ["RUNG"]]).router)
app.include_router(probes.router)
