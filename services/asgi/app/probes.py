"""Routes that say whether the service is there, and what a request costs without the database."""

import tomllib
from importlib.metadata import version
from pathlib import Path
from platform import python_version
from typing import Any

import click

from app.answers import Answer, json_answer
from app.database import POOL_TIMEOUT_S, fetch
from app.requests import Request, read_item

SERVICE_TOML = Path(__file__).parents[1] / "service.toml"


async def ping(_request: Request) -> Answer:
    return json_answer({"status": "ok"})


async def echo(request: Request) -> Answer:
    return json_answer(await read_item(request))


async def readyz(request: Request) -> Answer:
    await fetch(request.pool, "SELECT 1")
    pool = {"pool_size": request.pool.get_max_size(), "pool_timeout_s": POOL_TIMEOUT_S}
    settings = SERVER | {"debug": False, "driver": "asyncpg"} | pool
    return json_answer({"status": "ok", "versions": VERSIONS, "settings": settings})


def server_settings() -> dict[str, Any]:
    """How uvicorn serves; nothing where no uvicorn does, as in tests.

    Its command, written with click, is still at work while it imports the application.
    """
    command = click.get_current_context(silent=True)
    if command is None:
        return {}
    return {
        "workers": command.params["workers"] or 1,
        "keepalive_s": command.params["timeout_keep_alive"],
        "access_log": command.params["access_log"],
    }


def read_versions() -> dict[str, str]:
    """The versions of Python and of the packages that service.toml lists."""
    packages = tomllib.loads(SERVICE_TOML.read_text())["versions"]["packages"]
    return {"python": python_version()} | {package: version(package) for package in packages}


SERVER = server_settings()
VERSIONS = read_versions()
