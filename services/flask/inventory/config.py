"""Settings. What differs between machines comes from the environment."""

import os

from sqlalchemy import engine, make_url


def database_url() -> engine.URL:
    """The database's address, with the driver this service is meant to run on spelled out."""
    url = os.environ.get("DATABASE_URL")
    if not url:
        # SystemExit: the server's log then shows this sentence and no traceback.
        raise SystemExit("DATABASE_URL is not set; it names the database of this service.")
    return make_url(url).set(drivername="postgresql+psycopg2")


def number(name: str, default: int) -> int:
    """A whole number that the environment may set; service.toml lists the names."""
    text = os.environ.get(name, "")
    if not text.isdecimal():
        if text:
            raise SystemExit(f"{name}={text} is not a whole number.")
        return default
    return int(text)


SQLALCHEMY_DATABASE_URI = database_url()
SQLALCHEMY_ENGINE_OPTIONS = {
    "pool_size": number("POOL_SIZE", 20),
    "max_overflow": number("POOL_OVERFLOW", 30),
    "pool_timeout": 60,
    "pool_recycle": 3600,
    # On, but where the lab asks what it costs.
    "pool_pre_ping": os.environ.get("CONNECTION_CHECK", "1") != "0",
}
