"""Is the process alive, and can it serve?"""

import platform
import tomllib
from importlib.metadata import version
from pathlib import Path

from flask import Blueprint
from flask.typing import ResponseReturnValue
from sqlalchemy import text

from inventory.extensions import db

bp = Blueprint("health", __name__)


def read_versions() -> dict[str, str]:
    """What runs here, of the packages that service.toml lists."""
    manifest = Path(__file__).resolve().parent.parent / "service.toml"
    packages = tomllib.loads(manifest.read_text())["versions"]["packages"]
    return {"python": platform.python_version()} | {name: version(name) for name in packages}


VERSIONS = read_versions()


@bp.get("/ping")
def ping() -> ResponseReturnValue:
    return {"status": "ok"}


@bp.get("/readyz")
def readyz() -> ResponseReturnValue:
    with db.engine.connect() as connection:
        connection.execute(text("SELECT 1"))
    return {"status": "ok", "versions": VERSIONS}
