"""Items over HTTP, on a real PostgreSQL."""

import asyncio
import json
from typing import Any

import httpx
import pytest
from app.settings import MAX_CONNECTIONS
from app.tuned.database import engine
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import event, text
from sqlalchemy.orm import Session

LAMP = {"name": "Lamp", "description": "Green", "price": 10, "in_stock": False}


def fields_of(response: Any) -> list[str]:
    assert response.status_code == 422, response.text
    assert response.headers["content-type"] == "application/problem+json"
    return [error["field"] for error in response.json()["errors"]]


def test_an_item_lives_from_create_to_delete(client: TestClient) -> None:
    """Create, read, replace and delete answer with compact JSON in the order of the columns."""
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


def test_lists_are_pages_in_the_order_of_ids(client: TestClient) -> None:
    """limit and offset choose a page; the path works with and without its slash."""
    for _ in range(3):
        client.post("/items", json=LAMP)
    assert [item["id"] for item in client.get("/items").json()] == [1, 2, 3]
    assert [item["id"] for item in client.get("/items/?limit=1&offset=1").json()] == [2]
    assert client.get(f"/items?offset={2**63 - 1}").json() == []


@pytest.mark.parametrize("wrong", ["0", "1001", "", "+5", " 5", "5.0", "1_0", "\u0665", "9" * 5000])
def test_a_limit_is_ascii_digits_in_range(client: TestClient, wrong: str) -> None:
    """What Pydantic alone would take as a number, such as +5 or 5.0, is refused."""
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
        ("description", "x" * 1001),
        ("price", "1.5"),
        ("price", True),
        ("price", -1),
        ("price", 1e9 + 1),
        ("price", float("inf")),
        ("price", 10**400),
        ("in_stock", 1),
    ],
)
def test_a_wrong_field_is_named(client: TestClient, field: str, value: object) -> None:
    """Validation is strict, and each wrong field is named once."""
    body = json.dumps({**LAMP, field: value})
    response = client.post("/items", content=body, headers={"content-type": "application/json"})
    assert fields_of(response) == [field]


def test_wrong_fields_are_named_in_the_order_of_the_item(client: TestClient) -> None:
    """Missing and wrong fields are listed together; a body that is no object is one error."""
    assert fields_of(client.post("/items", json={"in_stock": 1})) == ["name", "price", "in_stock"]
    assert fields_of(client.put("/items/1", json=[])) == ["body"]


@pytest.mark.parametrize("app", ["standard", "asynchronous"], indirect=True)
@pytest.mark.parametrize("moment", ["before_flush", "after_commit"])
def test_an_item_that_another_client_deletes_is_not_found(client: TestClient, moment: str) -> None:
    """Deleted between the look at it and the change, or between the change and the last look."""
    client.post("/items", json=LAMP)

    def delete_it(*_arguments: object) -> None:
        with engine.connect() as connection:
            connection.execute(text("DELETE FROM items"))

    event.listen(Session, moment, delete_it)
    try:
        assert client.put("/items/1", json={"name": "New", "price": 1}).status_code == 404
    finally:
        event.remove(Session, moment, delete_it)
    assert client.get("/items").json() == []


def test_more_requests_than_connections_are_answered(app: FastAPI, empty_table: None) -> None:
    """Each waits for its turn; none holds a connection while it waits for a thread."""

    async def burst() -> list[int]:
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client,
        ):
            requests = (client.post("/items", json=LAMP) for _ in range(3 * MAX_CONNECTIONS))
            return [response.status_code for response in await asyncio.gather(*requests)]

    assert asyncio.run(burst()) == [201] * 3 * MAX_CONNECTIONS


@pytest.mark.parametrize("app", ["tuned"], indirect=True)
def test_each_operation_is_one_statement(client: TestClient) -> None:
    """No operation needs a second statement or a transaction."""
    statements: list[str] = []

    def record(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement.split()[0])

    event.listen(engine, "before_cursor_execute", record)
    try:
        client.post("/items", json=LAMP)
        client.get("/items/1")
        client.put("/items/1", json=LAMP)
        client.get("/items")
        client.delete("/items/1")
    finally:
        event.remove(engine, "before_cursor_execute", record)
    assert statements == ["INSERT", "SELECT", "UPDATE", "SELECT", "DELETE"]
