"""What /readyz tells: that the database answers, which versions run, and with which settings."""

import os
import platform
import tomllib
from importlib.metadata import version
from typing import Any

from django.conf import settings
from django.db import connection

SERVER: dict[str, Any] = {}
"""How Gunicorn serves; it says so once it has a worker (gunicorn.conf.py)."""


def readiness() -> dict[str, Any]:
    """Asks the database, and fails if it does not answer."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return {"status": "ok", "versions": VERSIONS, "settings": settings_in_force()}


def settings_in_force() -> dict[str, Any]:
    """The settings in force, as the server, Django and this thread's connection tell them."""
    return SERVER | {
        "debug": settings.DEBUG,
        "connection_check": connection.settings_dict["CONN_HEALTH_CHECKS"],
        "connection_max_age_s": connection.settings_dict["CONN_MAX_AGE"],
        "driver": connection.Database.__name__,
    }


def installed_versions() -> dict[str, str]:
    """The versions of Python and of the packages that service.toml lists for this target."""
    service = tomllib.loads((settings.BASE_DIR / "service.toml").read_text(encoding="utf-8"))
    target = service.get("targets", {}).get(os.environ.get("ONECORE_TARGET", service["name"]), {})
    packages = [*service["versions"]["packages"], *target.get("packages", [])]
    return {"python": platform.python_version()} | {name: version(name) for name in packages}


VERSIONS = installed_versions()
