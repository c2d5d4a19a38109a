"""The application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI

from app import docs, problems
from app.settings import settings
from app.tuned import health, items, probes
from app.tuned.database import engine
from app.tuned.routing import Route


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    current_default_thread_limiter().total_tokens = settings.server_threads
    yield
    engine.dispose()


routes = [
    route
    for router in (items.router, probes.router, health.router)
    for route in router.routes
    if isinstance(route, Route)
]
app = FastAPI(
    title="Items",
    version="1.0.0",
    lifespan=lifespan,
    exception_handlers=problems.HANDLERS,
    redirect_slashes=False,
    docs_url=None,
    redoc_url=None,
    # Without these FastAPI asks OpenTelemetry for its providers at every request.
    telemetry={"tracing": False, "metrics": False, "logs": False},
    # Given here and not by include_router, which matches every request twice.
    routes=[*routes, *(route.for_head() for route in routes if "GET" in (route.methods or ()))],
)
docs.install(app)
