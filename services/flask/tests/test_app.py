"""The application around the items, in both modes: routing, health, failures."""

import importlib
from importlib.metadata import version

import pytest
from flask import Flask
from flask.testing import FlaskClient
from inventory import config, standard, tuned
from sqlalchemy import make_url


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/items", {"get", "head", "post"}),
        ("/items/", {"get", "head", "post"}),
        ("/items/1", {"delete", "get", "head", "put"}),
        ("/items/1/", {"delete", "get", "head", "put"}),
        ("/echo", {"post"}),
        ("/ping", {"get", "head"}),
        ("/readyz", {"get", "head"}),
    ],
)
@pytest.mark.parametrize("method", ["PATCH", "TRACE", "FOO"])
def test_other_methods_are_told_what_is_allowed(
    client: FlaskClient, path: str, allowed: set[str], method: str
) -> None:
    """As a problem. Flask itself also answers OPTIONS."""
    response = client.open(path, method=method)
    assert response.status_code == 405
    assert response.content_type == "application/problem+json"
    assert response.allow.as_set() - {"options"} == allowed
    assert response.json["title"] == "Method Not Allowed"


@pytest.mark.parametrize("path", ["/", "/nope", "/echo/", "/ping/", "/items/1/2", "/static/x"])
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
    assert response.content_length == len(client.get("/ping").data)


def test_readyz_reports_versions(client: FlaskClient) -> None:
    """Those of the packages that run, Python's among them."""
    body = client.get("/readyz").json
    assert body["status"] == "ok"
    assert {"python", "flask", "gunicorn"} < body["versions"].keys()
    assert body["versions"]["marshmallow"] == version("marshmallow")


def test_readyz_reports_the_settings_in_force(client: FlaskClient) -> None:
    """Read from the application and its pool; a test has no server."""
    settings = client.get("/readyz").json["settings"]
    assert settings == {
        "debug": False,
        "driver": "psycopg2",
        "pool_size": 20,
        "pool_overflow": 30,
        "pool_timeout_s": 60,
        "connection_check": True,
        "connection_max_age_s": 3600,
    }


@pytest.mark.parametrize("mode", [standard, tuned])
def test_an_unreachable_database_is_503(mode: object) -> None:
    """Everywhere but in /ping, which does not need it."""
    nowhere = make_url("postgresql+psycopg2://testuser@127.0.0.1:1/nothing")
    client = mode.create_app({"SQLALCHEMY_DATABASE_URI": nowhere}).test_client()
    for path in ("/readyz", "/items", "/items/1"):
        response = client.get(path)
        assert response.status_code == 503
        assert response.json["detail"] == "The database does not answer."
    assert client.get("/ping").status_code == 200


@pytest.mark.parametrize("mode", [standard, tuned])
def test_an_unexpected_failure_is_a_problem_without_details(mode: object) -> None:
    """The trace belongs into the log, not into the answer."""
    app = mode.create_app()

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
        importlib.reload(config)


def test_the_migrations_make_what_the_models_say(standard_app: Flask) -> None:
    """`flask db check` finds nothing left to migrate."""
    result = standard_app.test_cli_runner().invoke(args=["db", "check"])
    assert result.exit_code == 0, result.output
