"""Fixtures: a migrated database, an empty table for each test, and a client of the application."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from app.database import engine
from app.main import app
from fastapi.testclient import TestClient
from sqlalchemy import text

ALEMBIC_INI = Path(__file__).parents[1] / "alembic.ini"


@pytest.fixture(scope="session")
def alembic_config() -> Config:
    config = Config(ALEMBIC_INI)
    config.attributes["configure_logging"] = False
    return config


@pytest.fixture(scope="session")
def migrated(alembic_config: Config) -> None:
    command.upgrade(alembic_config, "head")


@pytest.fixture
def client(migrated: None) -> Iterator[TestClient]:
    with engine.connect() as connection:
        connection.execute(text("TRUNCATE items RESTART IDENTITY"))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client
