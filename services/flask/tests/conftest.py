"""Fixtures: the application on the database that DATABASE_URL names, empty before each test."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from inventory import create_app
from inventory.extensions import db
from sqlalchemy import text


@pytest.fixture(scope="session")
def app() -> Iterator[Flask]:
    app = create_app()
    with app.app_context():
        upgrade()
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture(autouse=True)
def empty_table(app: Flask) -> None:
    with app.app_context():
        db.session.execute(text("TRUNCATE items RESTART IDENTITY"))


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()
