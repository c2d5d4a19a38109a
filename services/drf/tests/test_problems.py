"""Every refusal and every fault is application/problem+json, inside REST framework or not."""

import logging
from typing import Any

import psycopg2
import pytest
from django.db import OperationalError
from rest_framework.test import APIClient

from items.models import Item

LAMP = {"name": "Lamp", "price": 1}


def assert_problem(response: Any, status: int) -> None:
    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/problem+json"
    problem = response.json()
    assert list(problem)[:4] == ["type", "title", "status", "detail"]
    assert problem["status"] == status


@pytest.mark.parametrize("path", ["/nope", "/echo/", "/items/x", "/items/1.5", "/items/%D9%A1"])
def test_an_unknown_path_is_404_for_any_method(client: APIClient, path: str) -> None:
    """A path that does not exist is 404 before its method matters."""
    for method in ("GET", "POST", "OPTIONS", "BREW"):
        assert_problem(client.generic(method, path), 404)


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/items", {"GET", "HEAD", "POST"}),
        ("/items/1", {"DELETE", "GET", "HEAD", "PUT"}),
        ("/echo", {"POST"}),
        ("/ping", {"GET", "HEAD"}),
    ],
)
def test_405_says_what_is_allowed(client: APIClient, path: str, allowed: set[str]) -> None:
    """A method that a path does not take is 405, with those that it takes."""
    for method in ("OPTIONS", "PATCH", "TRACE", "BREW"):
        response = client.generic(method, path)
        assert_problem(response, 405)
        assert set(response.headers["Allow"].split(", ")) == allowed


@pytest.mark.parametrize(
    ("body", "media_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"[" * 20_000, "application/json", 400),
        (b'{"name":"x","price":NaN}', "application/json", 400),
        (b'{"name":"\xff","price":1}', "application/json", 400),
        (b"{}", "application/vnd.api+json", 415),
        (b"{}", "Application/JSON ; charset=x", 422),
        (b"x" * (1024 * 1024 + 1), "application/json", 413),
    ],
)
def test_bodies_are_refused(client: APIClient, body: bytes, media_type: str, status: int) -> None:
    """A body is refused for its size, its kind, its form or its values."""
    assert_problem(client.generic("POST", "/echo", body, content_type=media_type), status)


def test_a_foreign_host_is_refused(client: APIClient) -> None:
    """A host that is not allowed is a problem of status 400."""
    assert_problem(client.get("/ping", SERVER_NAME="example.org"), 400)


def test_a_fault_is_a_500_and_its_trace_is_logged(
    client: APIClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """An unexpected fault shows nothing of itself to the client and all of it in the log."""

    def fail(**values: object) -> None:
        raise RuntimeError("a secret")

    monkeypatch.setattr(logging.getLogger("django"), "propagate", True)
    monkeypatch.setattr(Item.objects, "create", fail)
    response = client.post("/items/", LAMP, format="json")
    assert_problem(response, 500)
    assert b"secret" not in response.content
    assert any(record.exc_info for record in caplog.records)


class Canceled(psycopg2.OperationalError):
    pgcode = "57014"


@pytest.mark.parametrize(
    ("cause", "status"),
    [(psycopg2.OperationalError("connection refused"), 503), (Canceled(), 500)],
)
def test_only_a_lost_connection_is_a_503(
    client: APIClient, monkeypatch: pytest.MonkeyPatch, cause: Exception, status: int
) -> None:
    """A database that cannot be reached is 503; any other fault of it is 500."""

    def fail(**values: object) -> None:
        raise OperationalError from cause

    monkeypatch.setattr(Item.objects, "create", fail)
    assert_problem(client.post("/items/", LAMP, format="json"), status)


def test_ready_tells_versions(client: APIClient) -> None:
    """A ready service names the versions that it runs with."""
    response = client.get("/readyz")
    assert response.status_code == 200
    assert {"python", "django", "djangorestframework"} <= set(response.json()["versions"])


def test_ready_tells_the_settings_in_force(client: APIClient) -> None:
    """Read from Django and this thread's connection; a test has no server."""
    told = client.get("/readyz").json()["settings"]
    assert told == {
        "debug": False,
        "connection_check": True,
        "connection_max_age_s": 600,
        "driver": "psycopg2",
    }
