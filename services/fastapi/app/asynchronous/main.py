"""The application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from app import docs, probes, problems
from app.asynchronous import health, items
from app.asynchronous.database import engine


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    yield
    await engine.dispose()


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
app.include_router(items.router)
app.include_router(probes.router)
app.include_router(health.router)
docs.install(app)
