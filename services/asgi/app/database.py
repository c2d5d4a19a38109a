"""The pool of connections, and the one way through it."""

import logging
import os

import asyncpg

from app.answers import Problem

logger = logging.getLogger("uvicorn.error")

MAX_CONNECTIONS = 50
POOL_TIMEOUT_S = 60

REFUSED = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError)
LOST = (
    OSError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
)


def read_url() -> str:
    """Where the database is; ends the process with one sentence when nothing says so."""
    url = os.environ.get("DATABASE_URL")
    if not url:
        raise SystemExit(
            "DATABASE_URL is not set: give it as postgresql://user@host:port/database."
        )
    return url


DATABASE_URL = read_url()


def new_pool() -> asyncpg.Pool:
    return asyncpg.create_pool(
        DATABASE_URL,
        min_size=0,  # opened when they are needed: it starts without its database as well
        max_size=MAX_CONNECTIONS,
        reset=nothing_to_reset,
    )


async def nothing_to_reset(_connection: asyncpg.Connection) -> None:
    """No statement here changes a session, and the default would be one more round trip."""


async def fetch(pool: asyncpg.Pool, statement: str, *values: object) -> list[asyncpg.Record]:
    """The rows of a statement, which asyncpg prepares once for each connection.

    Raises Problem(503) when there is no connection, or it breaks.
    """
    try:
        connection = await pool.acquire(timeout=POOL_TIMEOUT_S)
    except REFUSED as error:
        logger.error("There is no connection to the database.", exc_info=error)
        raise Problem(503) from error
    try:
        rows: list[asyncpg.Record] = await connection.fetch(statement, *values)
    except LOST as error:
        logger.error("The database was lost.", exc_info=error)
        raise Problem(503) from error
    finally:
        await pool.release(connection)
    return rows
