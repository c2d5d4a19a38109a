"""Is the service there, and does its database answer?"""

import platform
import tomllib
from importlib.metadata import version
from typing import Any, ClassVar

from django.conf import settings
from django.db import connection
from rest_framework.request import Request
from rest_framework.response import Response

from config.api.views import APIView


def installed_versions() -> dict[str, str]:
    """The versions of Python and of the packages that service.toml lists."""
    service = tomllib.loads((settings.BASE_DIR / "service.toml").read_text(encoding="utf-8"))
    packages = {name: version(name) for name in service["versions"]["packages"]}
    return {"python": platform.python_version(), **packages}


class PingView(APIView):
    """Answers without the database."""

    def get(self, request: Request) -> Response:
        return Response({"status": "ok"})


class ReadyView(APIView):
    """Answers once the database has answered."""

    versions = installed_versions()
    server: ClassVar[dict[str, Any]] = {}
    """How Gunicorn serves; it says so once it has a worker (gunicorn.conf.py)."""

    def get(self, request: Request) -> Response:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        told = {"status": "ok", "versions": self.versions, "settings": self.effective_settings()}
        return Response(told)

    def effective_settings(self) -> dict[str, Any]:
        """The settings in force, as the server, Django and this thread's connection tell them."""
        return self.server | {
            "debug": settings.DEBUG,
            "connection_check": connection.settings_dict["CONN_HEALTH_CHECKS"],
            "connection_max_age_s": connection.settings_dict["CONN_MAX_AGE"],
        }
