"""Settings. Everything that differs between machines comes from the environment."""

import os
from dataclasses import dataclass, field
from typing import Any, Self

from sqlalchemy import URL, make_url


def database_url(environment: str = "DATABASE_URL") -> URL:
    """The database's address, with the driver this service is meant to run on spelled out."""
    url = os.environ.get(environment)
    if not url:
        # SystemExit: the server's log then shows this sentence and no traceback.
        raise SystemExit(f"{environment} is not set; it names the database of this service.")
    return make_url(url).set(drivername="postgresql+psycopg2")


def engine_options() -> dict[str, Any]:
    return {
        "pool_size": 20,
        "max_overflow": 30,
        "pool_timeout": 60,
        "pool_recycle": 3600,
        "pool_pre_ping": True,
        # Each request is one statement, which commits itself: no BEGIN and no COMMIT around it,
        # and nothing to roll back when the connection returns to the pool.
        "isolation_level": "AUTOCOMMIT",
        "skip_autocommit_rollback": True,
    }


@dataclass(frozen=True)
class Config:
    """`app.config` takes the upper-case attributes."""

    SQLALCHEMY_DATABASE_URI: URL
    SQLALCHEMY_ENGINE_OPTIONS: dict[str, Any] = field(default_factory=engine_options)
    # How the server serves; it says so itself, once it has a worker (gunicorn.conf.py).
    SERVER: dict[str, Any] = field(default_factory=dict)
    # OPTIONS is a method like any other here: not offered, so 405.
    PROVIDE_AUTOMATIC_OPTIONS: bool = False
    # Without this, a test client raises the exceptions that a real client gets as a 500.
    PROPAGATE_EXCEPTIONS: bool = False

    @classmethod
    def from_environment(cls) -> Self:
        return cls(SQLALCHEMY_DATABASE_URI=database_url())
