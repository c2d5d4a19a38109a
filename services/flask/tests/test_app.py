"""The application around the items: routing, health, failures."""

from importlib.metadata import version

import pytest
from flask import Flask
from flask.testing import FlaskClient
from inventory import create_app
from inventory.config import Config
from sqlalchemy import make_url


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/items", {"GET", "HEAD", "POST"}),
        ("/items/", {"GET", "HEAD", "POST"}),
        ("/items/1", {"DELETE", "GET", "HEAD", "PUT"}),
        ("/items/1/", {"DELETE", "GET", "HEAD", "PUT"}),
        ("/echo", {"POST"}),
        ("/ping", {"GET", "HEAD"}),
        ("/readyz", {"GET", "HEAD"}),
    ],
)
@pytest.mark.parametrize("method", ["PATCH", "OPTIONS", "TRACE", "FOO"])
def test_other_methods_are_told_what_is_allowed(
    client: FlaskClient, path: str, allowed: set[str], method: str
) -> None:
    """Flask's automatic OPTIONS is off."""
    response = client.open(path, method=method)
    assert response.status_code == 405
    assert response.allow.as_set() == {name.lower() for name in allowed}
    assert response.json["title"] == "Method Not Allowed"


@pytest.mark.parametrize(
    "path", ["/", "/nope", "/echo/", "/ping/", "/items//", "//items/", "/static/x"]
)
def test_unknown_paths_are_problems(client: FlaskClient, path: str) -> None:
    """No HTML and no redirect."""
    response = client.get(path)
    assert response.status_code == 404
    assert response.content_type == "application/problem+json"
    assert response.json == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "The requested resource does not exist.",
    }


def test_head_is_get_without_the_body(client: FlaskClient) -> None:
    """With the length that GET would have had."""
    response = client.head("/ping")
    assert (response.status_code, response.data) == (200, b"")
    assert response.content_length == len(b'{"status":"ok"}')


def test_readyz_reports_versions(client: FlaskClient) -> None:
    """Those of the packages that run, Python's first."""
    body = client.get("/readyz").json
    assert body["status"] == "ok"
    assert list(body["versions"])[:2] == ["python", "flask"]
    assert body["versions"]["marshmallow"] == version("marshmallow")


def test_readyz_reports_the_settings_in_force(client: FlaskClient) -> None:
    """Read from the application and its pool; a test has no server."""
    settings = client.get("/readyz").json["settings"]
    assert settings["debug"] is False
    assert (settings["pool_size"], settings["connection_check"]) == (20, True)
    assert "workers" not in settings


def test_an_unreachable_database_is_503() -> None:
    """Everywhere but in /ping, which does not need it."""
    nowhere = make_url("postgresql+psycopg2://testuser@127.0.0.1:1/nothing")
    client = create_app(Config(SQLALCHEMY_DATABASE_URI=nowhere)).test_client()
    for path in ("/readyz", "/items", "/items/1"):
        response = client.get(path)
        assert response.status_code == 503
        assert response.json["detail"] == "The database does not answer."
    assert client.get("/ping").status_code == 200


def test_an_unexpected_failure_is_a_problem_without_details() -> None:
    """The trace belongs into the log, not into the answer."""
    app = create_app()

    @app.get("/broken")
    def broken() -> str:
        raise LookupError("secret")

    response = app.test_client().get("/broken")
    assert response.status_code == 500
    assert response.json["detail"] == "The server failed to answer."
    assert b"secret" not in response.data


def test_a_missing_address_of_the_database_ends_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence that names the variable."""
    monkeypatch.delenv("DATABASE_URL")
    with pytest.raises(SystemExit, match="DATABASE_URL is not set"):
        create_app()


def test_the_migrations_make_what_the_models_say(app: Flask) -> None:
    """`flask db check` finds nothing left to migrate."""
    result = app.test_cli_runner().invoke(args=["db", "check"])
    assert result.exit_code == 0, result.output
