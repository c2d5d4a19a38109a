"""What only the strict level of the contract asks."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from items.models import Item

LAMP = {"name": "Lamp", "description": "Blue", "price": 19.99, "in_stock": False}


@pytest.mark.parametrize(
    ("act", "verb"),
    [
        (lambda c, path: c.post("/items/", LAMP, format="json"), "INSERT"),
        (lambda c, path: c.get(path), "SELECT"),
        (lambda c, path: c.put(path, LAMP, format="json"), "UPDATE"),
        (lambda c, path: c.delete(path), "DELETE"),
        (lambda c, path: c.get("/items/?limit=5&offset=0"), "SELECT"),
    ],
)
def test_each_action_is_one_statement(
    client: APIClient, act: Callable[[APIClient, str], Any], verb: str
) -> None:
    """Each action takes one statement of its own kind."""
    item = Item.objects.create(**LAMP)
    with CaptureQueriesContext(connection) as queries:
        assert act(client, f"/items/{item.pk}").status_code < 300
    assert [query["sql"].split()[0] for query in queries] == [verb]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "1"),
        ("description", "1.5"),
        ("price", '"1.5"'),
        ("price", "true"),
        ("in_stock", "1"),
        ("in_stock", '"true"'),
    ],
)
def test_nothing_is_converted(client: APIClient, field: str, value: str) -> None:
    """A value of another JSON type is 422, also where it could be converted."""
    members = {"name": '"x"', "price": "1", field: value}
    body = "{" + ",".join(f'"{k}":{v}' for k, v in members.items()) + "}"
    response = client.post("/items/", body, content_type="application/json")
    assert response.status_code == 422
    assert [error["field"] for error in response.json()["errors"]] == [field]
    assert not Item.objects.exists()


def test_only_a_405_carries_allow(client: APIClient) -> None:
    """An answer that is no 405 has no `Allow`."""
    assert "Allow" not in client.get("/ping").headers


@pytest.mark.parametrize(
    ("body", "media_type", "status"),
    [
        (b"", "application/json", 400),
        (b"", "text/plain", 415),
        (b"x" * (1024 * 1024 + 1), "text/plain", 413),
    ],
)
def test_bodies_are_refused_in_order(
    client: APIClient, body: bytes, media_type: str, status: int
) -> None:
    """The first fault of a body decides: its size, its kind, its form."""
    response = client.generic("POST", "/echo", body, content_type=media_type)
    assert response.status_code == status


def test_the_root_is_no_page(client: APIClient) -> None:
    """What the contract does not list is not there."""
    assert client.get("/").status_code == 404


def test_the_api_knows_no_session(client: APIClient) -> None:
    """Signing in to the admin leaves the API without cookies, sessions and Vary."""
    response = client.get("/items/", HTTP_COOKIE="sessionid=aaaaaaaaaaaaaaaaaaaa")
    assert not response.cookies
    assert not hasattr(response.wsgi_request, "session")
    assert "Vary" not in response.headers
