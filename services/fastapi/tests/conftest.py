"""Fixtures: a migrated database, an empty table for each test, and a client of each application."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from app.asynchronous.main import app as asynchronous
from app.standard.main import app as standard
from app.tuned.database import engine
from app.tuned.main import app as tuned
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import text

ALEMBIC_INI = Path(__file__).parents[1] / "alembic.ini"
APPS = {"standard": standard, "asynchronous": asynchronous, "tuned": tuned}


@pytest.fixture(scope="session")
def alembic_config() -> Config:
    config = Config(ALEMBIC_INI)
    config.attributes["configure_logging"] = False
    return config


@pytest.fixture(scope="session")
def migrated(alembic_config: Config) -> None:
    command.upgrade(alembic_config, "head")


@pytest.fixture
def empty_table(migrated: None) -> None:
    with engine.connect() as connection:
        connection.execute(text("TRUNCATE items RESTART IDENTITY"))


@pytest.fixture(params=APPS)
def app(request: pytest.FixtureRequest) -> FastAPI:
    """Each application in turn. A test that is about some of them names these."""
    return APPS[request.param]


@pytest.fixture
def client(app: FastAPI, empty_table: None) -> Iterator[TestClient]:
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client
