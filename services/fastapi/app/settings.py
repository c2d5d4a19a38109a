"""Settings, read from the environment and from service.toml."""

import os
import tomllib
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from platform import python_version

from sqlalchemy import URL, make_url

SERVICE_TOML = Path(__file__).parents[1] / "service.toml"


@dataclass(frozen=True)
class Settings:
    database_url: URL
    server_threads: int = 20


def load_settings() -> Settings:
    """Read the environment; end the process with one sentence when it is not usable."""
    url = os.environ.get("DATABASE_URL")
    if not url:
        raise SystemExit(
            "DATABASE_URL is not set: give it as postgresql://user@host:port/database."
        )
    # A bare postgresql:// would choose psycopg 3.
    return Settings(database_url=make_url(url).set(drivername="postgresql+psycopg2"))


def read_versions() -> dict[str, str]:
    """The versions of Python and of the packages that service.toml lists."""
    packages = tomllib.loads(SERVICE_TOML.read_text())["versions"]["packages"]
    return {"python": python_version()} | {package: version(package) for package in packages}


settings = load_settings()
