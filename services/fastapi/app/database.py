"""The engine, its pool and the base of all models."""

from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import DeclarativeBase

from app.settings import Settings


class Base(DeclarativeBase):
    """The declarative base; its metadata is what Alembic migrates to."""


def make_engine(settings: Settings) -> Engine:
    return create_engine(
        settings.database_url,
        # Every operation is one statement, so BEGIN and COMMIT would only be round trips.
        isolation_level="AUTOCOMMIT",
        skip_autocommit_rollback=True,
        pool_size=20,
        max_overflow=30,
        pool_pre_ping=True,
        pool_recycle=3600,
        pool_timeout=60,
    )


async def get_engine(request: Request) -> Engine:
    # A coroutine, so that asking for the engine costs no trip to the thread pool.
    engine: Engine = request.state.engine
    return engine


EngineDep = Annotated[Engine, Depends(get_engine)]
