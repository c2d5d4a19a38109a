"""Is the process alive, and can it serve?"""

import os
import platform
import tomllib
from importlib.metadata import version
from pathlib import Path
from typing import Any

from flask import Blueprint, current_app
from flask.typing import ResponseReturnValue
from sqlalchemy import QueuePool, text

from inventory.extensions import db

bp = Blueprint("health", __name__)


def read_versions() -> dict[str, str]:
    """What runs here, of the packages that service.toml lists."""
    service = tomllib.loads((Path(__file__).parents[1] / "service.toml").read_text())
    target = service["targets"].get(os.environ.get("ONECORE_TARGET"), {})
    packages = [*service["versions"]["packages"], *target.get("packages", [])]
    return {"python": platform.python_version()} | {name: version(name) for name in packages}


VERSIONS = read_versions()


def effective_settings() -> dict[str, Any]:
    """The settings in force, as the server, the application and its pool tell them."""
    pool = db.engine.pool
    assert isinstance(pool, QueuePool)
    return {
        **current_app.config.get("SERVER", {}),  # gunicorn.conf.py tells it
        "debug": current_app.debug,
        "driver": db.engine.driver,
        "pool_size": pool.size(),
        "pool_overflow": pool._max_overflow,
        "pool_timeout_s": pool.timeout(),
        "connection_check": pool._pre_ping,
        "connection_max_age_s": pool._recycle,
    }


@bp.get("/ping")
def ping() -> ResponseReturnValue:
    return {"status": "ok"}


@bp.get("/readyz")
def readyz() -> ResponseReturnValue:
    db.session.execute(text("SELECT 1"))
    return {"status": "ok", "versions": VERSIONS, "settings": effective_settings()}
