"""Items over HTTP, on a real PostgreSQL."""

import json
from typing import Any

import pytest
from app.migrate import migrate
from starlette.testclient import TestClient

LAMP = {"name": "Lamp", "description": "Green", "price": 10, "in_stock": False}
JSON = {"content-type": "application/json"}


def fields_of(response: Any) -> list[str]:
    assert response.status_code == 422, response.text
    assert response.headers["content-type"] == "application/problem+json"
    return [error["field"] for error in response.json()["errors"]]


def test_an_item_lives_from_create_to_delete(client: TestClient) -> None:
    """Create, read, replace and delete, with and without a slash at the end."""
    created = client.post("/items/", json=LAMP)
    assert created.status_code == 201
    assert created.text == (
        '{"id":1,"name":"Lamp","description":"Green","price":10.0,"in_stock":false}'
    )
    assert client.get("/items/1").text == created.text
    replaced = client.put("/items/1/", json={"name": "Lämp", "price": 0.5, "id": 7, "x": None})
    assert replaced.text == '{"id":1,"name":"Lämp","description":"","price":0.5,"in_stock":true}'
    assert client.get("/items/01/").text == replaced.text
    deleted = client.delete("/items/1")
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert client.delete("/items/1").status_code == 404
    assert client.put("/items/1", json=LAMP).status_code == 404
    assert client.get("/items/1").status_code == 404


def test_lists_are_pages_in_the_order_of_ids(client: TestClient) -> None:
    """limit and offset choose a page; the path works with and without its slash."""
    for _ in range(3):
        client.post("/items", json=LAMP)
    assert [item["id"] for item in client.get("/items").json()] == [1, 2, 3]
    assert [item["id"] for item in client.get("/items/?limit=1&offset=1").json()] == [2]
    assert client.get(f"/items?offset={2**63 - 1}").json() == []


@pytest.mark.parametrize("wrong", ["0", "1001", "", "+5", " 5", "5.0", "\u0665", "9" * 5000])
def test_a_limit_is_ascii_digits_in_range(client: TestClient, wrong: str) -> None:
    """Both parameters are told when both are wrong."""
    assert fields_of(client.get("/items", params={"offset": "x", "limit": wrong})) == [
        "limit",
        "offset",
    ]


@pytest.mark.parametrize("item_id", ["x", "-1", "\u0665", "1%0A", "1//", str(2**63), "9" * 5000])
def test_an_id_is_ascii_digits_of_a_stored_item(client: TestClient, item_id: str) -> None:
    """Anything else is not found, however long."""
    assert client.get(f"/items/{item_id}").status_code == 404


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", None),
        ("name", 5),
        ("name", ""),
        ("name", "x" * 101),
        ("name", "\0"),
        ("name", "\ud800"),
        ("description", None),
        ("description", "x" * 1001),
        ("price", "1.5"),
        ("price", True),
        ("price", -1),
        ("price", 1e9 + 1),
        ("price", float("inf")),
        ("price", float("nan")),
        ("price", 10**400),
        ("in_stock", 1),
        ("in_stock", None),
    ],
)
def test_a_wrong_field_is_named(client: TestClient, field: str, value: object) -> None:
    """Types are strict, and nothing is taken that PostgreSQL could not store."""
    body = json.dumps({**LAMP, field: value})
    assert fields_of(client.post("/items", content=body, headers=JSON)) == [field]
    assert client.get("/items").json() == []


def test_missing_fields_are_named(client: TestClient) -> None:
    """In the order of the item; a body that is no object is one error."""
    assert fields_of(client.post("/items", json={"in_stock": 1})) == ["name", "price", "in_stock"]
    assert fields_of(client.put("/items/1", json=[])) == ["body"]


@pytest.mark.parametrize(
    ("content", "media_type", "status"),
    [
        (b'{"name":"a","price":1}', "Application/JSON; charset=utf-8", 200),
        (b'{"name":"a","price":1}', "application/vnd.api+json", 415),
        (b'{"name":"a","price":1}', None, 415),
        (b"", None, 400),
        (b"", "application/json", 400),
        (b"{", "application/json", 400),
        (b"\xff", "application/json", 400),
        (b"[" * 200_000, "application/json", 400),
        (b'{"name":"a","price":' + b"9" * 5000 + b"}", "application/json", 400),
        (b" " * 1_048_577, "application/json", 413),
    ],
)
def test_a_body_is_a_json_text(
    client: TestClient, content: bytes, media_type: str | None, status: int
) -> None:
    """What is no JSON, or not said to be, is refused with a problem."""
    headers = {} if media_type is None else {"content-type": media_type}
    response = client.post("/echo", content=content, headers=headers)
    assert response.status_code == status
    if status != 200:
        assert response.headers["content-type"] == "application/problem+json"


def test_405_names_the_methods_of_the_path(client: TestClient) -> None:
    """And an unknown path is 404 for every method."""
    assert client.patch("/items/").headers["allow"] == "GET, POST"
    assert client.options("/items/1").headers["allow"] == "GET, PUT, DELETE"
    assert client.get("/echo").json()["title"] == "Method Not Allowed"
    assert client.patch("/ping/").status_code == 404


def test_a_statement_that_fails_is_500(client: TestClient, execute: Any) -> None:
    """A fault of the database that is no loss of the connection; the pool is none the worse."""
    execute("ALTER TABLE items RENAME TO items_away")
    try:
        response = client.get("/items/1")
    finally:
        execute("ALTER TABLE items_away RENAME TO items")
    assert response.status_code == 500
    assert response.json()["detail"] == "The server failed to answer."
    assert client.get("/items").status_code == 200


def test_lost_connections_are_made_again(client: TestClient, execute: Any) -> None:
    """What the database has ended while it was idle is not used."""
    client.post("/items", json=LAMP)
    execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = current_user"
        " AND datname = current_database() AND pid <> pg_backend_pid()"
    )
    assert client.get("/items/1").status_code == 200


def test_readyz_reports_what_runs(client: TestClient) -> None:
    """Versions and the settings in force; a test has no server."""
    answer = client.get("/readyz").json()
    assert answer["status"] == "ok"
    assert {"python", "uvicorn", "asyncpg"} <= answer["versions"].keys()
    assert answer["settings"] == {
        "debug": False,
        "driver": "asyncpg",
        "pool_size": 50,
        "pool_timeout_s": 60,
    }


def test_the_table_is_made_once(client: TestClient, execute: Any) -> None:
    """A second migration changes nothing."""
    client.post("/items", json=LAMP)
    client.portal.call(migrate)
    assert len(client.get("/items").json()) == 1
