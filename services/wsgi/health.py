"""Is the process alive, and can it serve? And what is it that runs?"""

import platform
import tomllib
from importlib.metadata import version
from pathlib import Path
from typing import Any

from database import MAX_AGE_S, execute

PACKAGES = tomllib.loads(Path("service.toml").read_text())["versions"]["packages"]
VERSIONS = {"python": platform.python_version()} | {name: version(name) for name in PACKAGES}

# Gunicorn adds its own, once it has a worker (gunicorn.conf.py).
SETTINGS: dict[str, Any] = {
    "debug": False,
    "driver": "psycopg2",
    "connection_check": True,
    "connection_max_age_s": MAX_AGE_S,
}


def ping(_: dict[str, Any]) -> tuple[int, Any]:
    return 200, {"status": "ok"}


def readyz(_: dict[str, Any]) -> tuple[int, Any]:
    execute("SELECT 1")
    return 200, {"status": "ok", "versions": VERSIONS, "settings": SETTINGS}
