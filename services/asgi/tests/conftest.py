"""Fixtures: the table, emptied for each test, and a client of the application."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import asyncpg
import pytest
from app.database import DATABASE_URL
from app.main import app
from app.migrate import migrate
from starlette.testclient import TestClient


@pytest.fixture(scope="session")
def migrated() -> None:
    asyncio.run(migrate())


@pytest.fixture
def execute(migrated: None) -> Callable[[str], list[Any]]:
    """Runs a statement beside the application, and gives back its rows."""

    async def run(statement: str) -> list[Any]:
        connection = await asyncpg.connect(DATABASE_URL)
        try:
            return await connection.fetch(statement)
        finally:
            await connection.close()

    return lambda statement: asyncio.run(run(statement))


@pytest.fixture
def client(execute: Callable[[str], list[Any]]) -> Iterator[TestClient]:
    execute("TRUNCATE items RESTART IDENTITY")
    with TestClient(app) as client:
        yield client
