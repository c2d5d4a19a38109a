"""The settings in force, read from the running objects and not from where they were asked for."""

from typing import Any

from anyio import from_thread
from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI, Request
from sqlalchemy import QueuePool

from app.database import engine


def server_settings(request: Request) -> dict[str, Any]:
    """How uvicorn serves; nothing where a request came from no server, as in tests."""
    config = getattr(request.state, "server", None)
    if config is None:
        return {}
    return {
        "workers": config.workers,
        "keepalive_s": config.timeout_keep_alive,
        "access_log": config.access_log,
    }


def service_settings(app: FastAPI) -> dict[str, Any]:
    """The service's own. To be called in a handler's thread."""
    pool = engine.pool
    assert isinstance(pool, QueuePool)
    return {
        "server_threads": int(from_thread.run_sync(current_threads)),
        "debug": app.debug,
        "pool_size": pool.size(),
        "pool_overflow": pool._max_overflow,
        "pool_timeout_s": pool.timeout(),
        "connection_check": pool._pre_ping,
        "connection_max_age_s": pool._recycle,
    }


def current_threads() -> float:
    return current_default_thread_limiter().total_tokens
