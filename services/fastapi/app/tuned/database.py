"""The engine. There are no sessions: every operation is one statement on a connection."""

from sqlalchemy import create_engine

from app.settings import POOL, settings

engine = create_engine(
    settings.database_url.set(drivername="postgresql+psycopg2"),
    # BEGIN, COMMIT and ROLLBACK around a single statement would only be round trips.
    isolation_level="AUTOCOMMIT",
    skip_autocommit_rollback=True,
    **POOL,
)
