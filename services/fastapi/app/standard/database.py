"""The engine, and the session of a request."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from app.settings import MAX_CONNECTIONS, POOL, settings

engine = create_engine(settings.database_url.set(drivername="postgresql+psycopg2"), **POOL)


def get_session() -> Iterator[Session]:
    with Session(engine) as session:
        yield session


SessionDep = Annotated[Session, Depends(get_session, max_concurrency=MAX_CONNECTIONS)]
