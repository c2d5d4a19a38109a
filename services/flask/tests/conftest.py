"""Fixtures: the applications on the database that DATABASE_URL names, empty before each test."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from inventory import standard, tuned
from inventory.extensions import db
from sqlalchemy import text


@pytest.fixture(scope="session")
def standard_app() -> Iterator[Flask]:
    app = standard.create_app()
    with app.app_context():
        upgrade()
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture(scope="session")
def tuned_app(standard_app: Flask) -> Iterator[Flask]:
    """On the same tables."""
    app = tuned.create_app()
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture(params=["standard", "tuned"])
def app(request: pytest.FixtureRequest) -> Flask:
    """One application; a test that asks for it runs once for each mode."""
    return request.getfixturevalue(f"{request.param}_app")


@pytest.fixture(autouse=True)
def empty_table(tuned_app: Flask) -> None:
    with tuned_app.app_context(), db.engine.connect() as connection:
        connection.execute(text("TRUNCATE items RESTART IDENTITY"))


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def standard_client(standard_app: Flask) -> FlaskClient:
    return standard_app.test_client()


@pytest.fixture
def tuned_client(tuned_app: Flask) -> FlaskClient:
    return tuned_app.test_client()
