"""Fixtures: the application on the database that DATABASE_URL names, empty before each test."""

import runpy

import pytest
from app import application
from database import checked_connection
from werkzeug.test import Client


@pytest.fixture(scope="session")
def table() -> None:
    runpy.run_path("migrate.py")


@pytest.fixture
def client(table: None) -> Client:
    with checked_connection().cursor() as cursor:
        cursor.execute("TRUNCATE items RESTART IDENTITY")
    return Client(application)
