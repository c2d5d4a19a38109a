"""What /readyz says: versions, and the settings in force, read from the running objects."""

from importlib.metadata import version
from platform import python_version
from typing import Any

import click
from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI
from sqlalchemy import Engine, QueuePool

from app.settings import settings


def server_settings() -> dict[str, Any]:
    """How uvicorn serves; nothing where no uvicorn does, as in tests.

    Its command, written with click, is still at work while it imports the application.
    """
    command = click.get_current_context(silent=True)
    if command is None or command.info_name is None:
        return {}
    return {
        "workers": command.params["workers"] or 1,
        "keepalive_s": command.params["timeout_keep_alive"],
        "access_log": command.params["access_log"],
    }


SERVER = server_settings()
VERSIONS = {"python": python_version(), **{name: version(name) for name in settings.packages}}


async def server_threads() -> int:
    """How many threads plain handlers run in: a dependency, for only the event loop knows."""
    return int(current_default_thread_limiter().total_tokens)


def readiness(app: FastAPI, engine: Engine, **settings: Any) -> dict[str, Any]:
    """The answer of a service whose database has answered."""
    pool = engine.pool
    assert isinstance(pool, QueuePool)
    in_force = {
        "debug": app.debug,
        "driver": engine.dialect.driver,
        "pool_size": pool.size(),
        "pool_overflow": pool._max_overflow,
        "pool_timeout_s": pool.timeout(),
        "connection_check": pool._pre_ping,
        "connection_max_age_s": pool._recycle,
    }
    return {"status": "ok", "versions": VERSIONS, "settings": SERVER | in_force | settings}
