"""Settings, read from the environment and from service.toml."""

import os
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, make_url

SERVICE_TOML = Path(__file__).parents[1] / "service.toml"


def number(name: str, default: int) -> int:
    """A whole number that the environment may set; service.toml lists the names."""
    text = os.environ.get(name, "")
    if not text.isdecimal():
        if text:
            raise SystemExit(f"{name}={text} is not a whole number.")
        return default
    return int(text)


@dataclass(frozen=True)
class Settings:
    database_url: URL  # without a driver: each app names its own
    packages: tuple[str, ...]  # whose versions /readyz reports
    server_threads: int = number("SERVER_THREADS", 20)


# Of a database engine, in SQLAlchemy's own names.
POOL: dict[str, Any] = {
    "pool_size": number("POOL_SIZE", 20),
    "max_overflow": number("POOL_OVERFLOW", 30),
    # On, but where the lab asks what it costs.
    "pool_pre_ping": os.environ.get("CONNECTION_CHECK", "1") != "0",
    "pool_recycle": 3600,
    "pool_timeout": 60,
}
MAX_CONNECTIONS: int = POOL["pool_size"] + POOL["max_overflow"]


def load_settings() -> Settings:
    """Read the environment; end the process with one sentence when it is not usable."""
    url = os.environ.get("DATABASE_URL")
    if not url:
        raise SystemExit(
            "DATABASE_URL is not set: give it as postgresql://user@host:port/database."
        )
    return Settings(make_url(url), listed_packages(os.environ.get("ONECORE_TARGET", "fastapi")))


def listed_packages(target: str) -> tuple[str, ...]:
    """The packages that service.toml lists for this target."""
    service = tomllib.loads(SERVICE_TOML.read_text())
    return (*service["versions"]["packages"], *service["targets"][target].get("packages", ()))


settings = load_settings()
