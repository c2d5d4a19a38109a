"""The life of an item, as a client sees it."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from inventory.extensions import db
from sqlalchemy import event

LAMP: dict[str, Any] = {"name": "Lämp", "description": " a ", "price": 10, "in_stock": False}


def test_create_answers_with_the_stored_item(client: FlaskClient) -> None:
    """Key order, compact UTF-8 and a price that is always a float: the bytes are the contract."""
    response = client.post("/items/", json=LAMP)
    assert response.status_code == 201
    assert response.content_type == "application/json"
    assert response.data == (
        '{"id":1,"name":"Lämp","description":" a ","price":10.0,"in_stock":false}'.encode()
    )
    assert client.get("/items/1").data == response.data


def test_create_fills_in_defaults_and_ignores_unknown_fields(client: FlaskClient) -> None:
    """The database gives the id, whatever the client says."""
    response = client.post("/items", json={"name": "x", "price": 0.5, "id": 77, "color": "red"})
    assert response.json == {
        "id": 1,
        "name": "x",
        "description": "",
        "price": 0.5,
        "in_stock": True,
    }


def test_update_replaces_the_whole_item(client: FlaskClient) -> None:
    """A field that is left out goes back to its default."""
    client.post("/items", json=LAMP)
    response = client.put("/items/1", json={"name": "x", "price": 2})
    assert response.status_code == 200
    assert response.json == {
        "id": 1,
        "name": "x",
        "description": "",
        "price": 2.0,
        "in_stock": True,
    }
    assert client.get("/items/1/").json == response.json


def test_delete_leaves_nothing(client: FlaskClient) -> None:
    """204 has neither a body nor a type of one; the second time there is nothing to delete."""
    client.post("/items", json=LAMP)
    response = client.delete("/items/1")
    assert (response.status_code, response.data) == (204, b"")
    assert "Content-Type" not in response.headers
    assert client.delete("/items/1").status_code == 404
    assert client.get("/items/1").status_code == 404


def test_an_item_deleted_meanwhile_is_not_resurrected(client: FlaskClient) -> None:
    """An update of a missing item is 404 and stores nothing."""
    assert client.put("/items/1", json=LAMP).status_code == 404
    assert client.get("/items").json == []


def test_list_pages_through_items_by_id(client: FlaskClient) -> None:
    """Ordered by id; 100 at a time unless asked otherwise."""
    for number in range(105):
        client.post("/items", json={"name": f"n{number}", "price": number})
    assert len(client.get("/items/").json) == 100
    page = client.get("/items?limit=3&offset=101&color=red").json
    assert [item["id"] for item in page] == [102, 103, 104]
    assert list(page[0]) == ["id", "name", "description", "price", "in_stock"]


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("limit=0", ["limit"]),
        ("limit=1001", ["limit"]),
        ("limit=", ["limit"]),
        ("limit=+5", ["limit"]),
        ("limit=1.5", ["limit"]),
        ("limit=%D9%A3", ["limit"]),
        ("offset=9223372036854775808", ["offset"]),
        ("offset=" + "9" * 5000, ["offset"]),
        ("offset=-1&limit=x", ["limit", "offset"]),
    ],
)
def test_list_refuses_bad_pages(client: FlaskClient, query: str, fields: list[str]) -> None:
    """Every wrong parameter is named once, limit first."""
    response = client.get(f"/items?{query}")
    assert response.status_code == 422
    assert [error["field"] for error in response.json["errors"]] == fields


@pytest.mark.parametrize(
    "item_id",
    ["x", "-1", "1.0", "%D9%A3", "1%0A", "9223372036854775808", "9" * 5000, "1/2", "%20"],
)
def test_what_is_not_an_id_is_unknown(client: FlaskClient, item_id: str) -> None:
    """Only ASCII digits within a bigint are an id."""
    assert client.get(f"/items/{item_id}").status_code == 404


@pytest.mark.parametrize("item_id", ["9223372036854775808", "9" * 5000])
def test_an_id_beyond_the_column_is_an_unknown_item(client: FlaskClient, item_id: str) -> None:
    """For every method, and what is sent to it is looked at first."""
    path = f"/items/{item_id}"
    assert client.put(path, json=LAMP).status_code == 404
    assert client.put(path, json={}).status_code == 422
    assert client.delete(path).status_code == 404
    assert client.patch(path).status_code == 405


def test_an_id_may_have_leading_zeros(client: FlaskClient) -> None:
    """Python's int() would refuse to read five thousand of them."""
    client.post("/items", json=LAMP)
    assert client.get("/items/" + "0" * 5000 + "1").json["id"] == 1


def test_each_operation_is_one_statement(app: Flask, client: FlaskClient) -> None:
    """No select before or after a write, and no transaction around it."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement.split()[0])

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        client.post("/items", json=LAMP)
        client.get("/items/1")
        client.put("/items/1", json=LAMP)
        client.get("/items")
        client.delete("/items/1")
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert statements == ["INSERT", "SELECT", "UPDATE", "SELECT", "DELETE"]
    with engine.connect() as connection:
        assert connection.connection.dbapi_connection.autocommit
