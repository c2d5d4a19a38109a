"""The application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI

from app import docs, probes, problems
from app.settings import settings
from app.standard import health, items
from app.standard.database import engine


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    current_default_thread_limiter().total_tokens = settings.server_threads
    yield
    engine.dispose()


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
