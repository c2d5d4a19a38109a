"""The application: its lifespan, its routes and its error handlers."""

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI

from app import docs, echo, health, problems
from app.database import engine
from app.items.router import router as items_router
from app.routing import Route
from app.settings import settings


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    current_default_thread_limiter().total_tokens = settings.server_threads
    gc.collect()
    gc.freeze()
    yield
    engine.dispose()


routes = [
    route
    for router in (items_router, echo.router, health.router)
    for route in router.routes
    if isinstance(route, Route)
]
app = FastAPI(
    title="Items",
    version="1.0.0",
    lifespan=lifespan,
    redirect_slashes=False,
    docs_url=None,
    redoc_url=None,
    # Without these FastAPI asks OpenTelemetry for its providers at every request.
    telemetry={"tracing": False, "metrics": False, "logs": False},
    routes=[*routes, *(route.for_head() for route in routes if "GET" in (route.methods or ()))],
)
docs.install(app)
problems.install(app)
