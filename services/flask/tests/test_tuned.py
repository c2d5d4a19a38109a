"""What only the tuned application does: one statement, exact bytes, nothing nearly right."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from inventory.extensions import db
from sqlalchemy import event

LAMP: dict[str, Any] = {"name": "Lämp", "description": " a ", "price": 10, "in_stock": False}


def test_the_bytes_are_the_contract(tuned_client: FlaskClient) -> None:
    """Key order, compact UTF-8 and a price that is always a float."""
    created = tuned_client.post("/items/", json=LAMP)
    assert created.data == (
        '{"id":1,"name":"Lämp","description":" a ","price":10.0,"in_stock":false}'.encode()
    )
    assert tuned_client.get("/items/1").data == created.data
    assert tuned_client.get("/items").data == b"[" + created.data + b"]"


def test_no_body_has_no_type(tuned_client: FlaskClient) -> None:
    """204 says nothing of a content that it has not."""
    tuned_client.post("/items", json=LAMP)
    assert "Content-Type" not in tuned_client.delete("/items/1").headers


def test_each_operation_is_one_statement(tuned_app: Flask, tuned_client: FlaskClient) -> None:
    """No select before or after a write, and no transaction around it."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement.split()[0])

    with tuned_app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        tuned_client.post("/items", json=LAMP)
        tuned_client.get("/items/1")
        tuned_client.put("/items/1", json=LAMP)
        tuned_client.get("/items")
        tuned_client.delete("/items/1")
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert statements == ["INSERT", "SELECT", "UPDATE", "SELECT", "DELETE"]
    with engine.connect() as connection:
        assert connection.connection.dbapi_connection.autocommit


@pytest.mark.parametrize("query", ["limit=+5", "limit=%D9%A3", "limit=1_0", "limit=%205"])
def test_a_page_is_ascii_digits(tuned_client: FlaskClient, query: str) -> None:
    """Python's int() would take each of these."""
    assert tuned_client.get(f"/items?{query}").status_code == 422


@pytest.mark.parametrize("item_id", ["%D9%A3", "%EF%BC%91"])
def test_an_id_is_ascii_digits(tuned_client: FlaskClient, item_id: str) -> None:
    """Werkzeug's own converter takes the digits of any script."""
    assert tuned_client.get(f"/items/{item_id}").status_code == 404


def test_an_id_may_have_very_many_zeros(tuned_client: FlaskClient) -> None:
    """Python's int() would refuse to read five thousand of them."""
    tuned_client.post("/items", json=LAMP)
    assert tuned_client.get("/items/" + "0" * 5000 + "1").json["id"] == 1


def test_what_is_sent_is_looked_at_before_an_id_that_nobody_has(tuned_client: FlaskClient) -> None:
    """Such an id is one, of an item that is not there."""
    path = "/items/9223372036854775808"
    assert tuned_client.put(path, json={}).status_code == 422
    assert tuned_client.patch(path).status_code == 405


@pytest.mark.parametrize("path", ["/items//", "//items/", "//items", "//"])
def test_a_doubled_slash_is_another_path(tuned_client: FlaskClient, path: str) -> None:
    """Werkzeug would serve or redirect it."""
    assert tuned_client.open(path, method="GET").status_code == 404


def test_options_is_a_method_like_any_other(tuned_client: FlaskClient) -> None:
    """Flask's automatic OPTIONS is off."""
    response = tuned_client.options("/items")
    assert response.status_code == 405
    assert response.allow.as_set() == {"get", "head", "post"}


def test_an_async_view_is_awaited(tuned_app: Flask) -> None:
    """No part of Flask's dispatch is cut out for speed."""

    async def view() -> str:
        return "awaited"

    assert tuned_app.ensure_sync(view)() == "awaited"
