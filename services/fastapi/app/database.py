"""The engine, its pool and the base of all models."""

from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase

from app.settings import settings

engine = create_engine(
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


class Base(DeclarativeBase):
    """The declarative base; its metadata is what Alembic migrates to."""
