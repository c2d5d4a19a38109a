"""The life of an item, as a client sees it, in both modes."""

from typing import Any

import pytest
from flask.testing import FlaskClient

LAMP: dict[str, Any] = {"name": "Lämp", "description": " a ", "price": 10, "in_stock": False}
PLAIN: dict[str, Any] = {"name": "x", "description": "", "price": 0.5, "in_stock": True}


def fields(response: Any) -> list[str]:
    assert response.status_code == 422
    return [error["field"] for error in response.json["errors"]]


def test_create_answers_with_the_stored_item(client: FlaskClient) -> None:
    """Strings exactly as sent, and the id that the database gave."""
    response = client.post("/items/", json=LAMP)
    assert response.status_code == 201
    assert response.content_type == "application/json"
    assert response.json == {"id": 1, **LAMP}
    assert client.get("/items/1").json == response.json


def test_create_fills_in_defaults_and_ignores_unknown_fields(client: FlaskClient) -> None:
    """The database gives the id, whatever the client says."""
    response = client.post("/items", json={"name": "x", "price": 0.5, "id": 77, "color": "red"})
    assert response.json == {"id": 1, **PLAIN}


def test_update_replaces_the_whole_item(client: FlaskClient) -> None:
    """A field that is left out goes back to its default."""
    client.post("/items", json=LAMP)
    response = client.put("/items/1", json={"name": "x", "price": 0.5})
    assert response.status_code == 200
    assert response.json == {"id": 1, **PLAIN}
    assert client.get("/items/1/").json == response.json


def test_delete_leaves_nothing(client: FlaskClient) -> None:
    """204 has no body; the second time there is nothing to delete."""
    client.post("/items", json=LAMP)
    response = client.delete("/items/1")
    assert (response.status_code, response.data) == (204, b"")
    assert client.delete("/items/1").status_code == 404
    assert client.get("/items/1").status_code == 404


def test_an_update_of_a_missing_item_stores_nothing(client: FlaskClient) -> None:
    """PUT never creates."""
    assert client.put("/items/1", json=LAMP).status_code == 404
    assert client.get("/items").json == []


def test_list_pages_through_items_by_id(client: FlaskClient) -> None:
    """Ordered by id; 100 at a time unless asked otherwise."""
    for number in range(105):
        client.post("/items", json={"name": f"n{number}", "price": number})
    assert len(client.get("/items/").json) == 100
    page = client.get("/items?limit=3&offset=101&color=red").json
    assert [item["id"] for item in page] == [102, 103, 104]


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ("limit=0", ["limit"]),
        ("limit=1001", ["limit"]),
        ("limit=", ["limit"]),
        ("limit=1.5", ["limit"]),
        ("offset=9223372036854775808", ["offset"]),
        ("offset=" + "9" * 5000, ["offset"]),
        ("offset=-1&limit=x", ["limit", "offset"]),
    ],
)
def test_list_refuses_bad_pages(client: FlaskClient, query: str, wrong: list[str]) -> None:
    """Every wrong parameter is named once, limit first."""
    assert fields(client.get(f"/items?{query}")) == wrong


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ("{}", ["name", "price"]),
        ('{"name":null,"description":null,"price":null}', ["name", "description", "price"]),
        ('{"name":5,"price":"x","in_stock":"yes"}', ["name", "price", "in_stock"]),
        ('{"name":"x","price":true}', ["price"]),
        ('{"name":"x","price":"Infinity"}', ["price"]),
        ('{"name":"x","price":1e400}', ["price"]),
        ('{"name":"x","price":' + "9" * 400 + "}", ["price"]),
        ('{"name":"x","price":1000000000.1}', ["price"]),
        ('{"name":"' + "é" * 101 + '","price":1}', ["name"]),
        ('{"name":"a\\u0000","description":"\\ud800","price":1}', ["name", "description"]),
        ("[]", ["body"]),
        ('"x"', ["body"]),
    ],
)
def test_invalid_fields_are_named_in_order(
    client: FlaskClient, body: str, wrong: list[str]
) -> None:
    """Each wrong field once, in the item's own order, and nothing is stored."""
    assert fields(client.post("/items", data=body, content_type="application/json")) == wrong
    assert client.get("/items").json == []


@pytest.mark.parametrize("body", ["", "{", "{'name':1}", b'{"name":"\xff"}', "[" * 20000])
def test_what_is_not_json_is_a_bad_request(client: FlaskClient, body: str | bytes) -> None:
    """Depth is no reason to fail either: Python's parser ends it with a RecursionError."""
    response = client.post("/items", data=body, content_type="application/json")
    assert response.status_code == 400
    assert response.content_type == "application/problem+json"
    assert response.json["detail"] == "The request body is not valid JSON."


def test_other_media_types_are_refused(client: FlaskClient) -> None:
    """Even for a body that would parse."""
    assert client.post("/items", data="{}", content_type="text/plain").status_code == 415


@pytest.mark.parametrize(
    "item_id", ["x", "-1", "1.0", "1%0A", "9223372036854775808", "9" * 4000, "1/2", "%20", "%C2%B9"]
)
def test_what_is_not_an_id_is_unknown(client: FlaskClient, item_id: str) -> None:
    """Only digits within a bigint are an id."""
    path = f"/items/{item_id}"
    assert client.get(path).status_code == 404
    assert client.put(path, json=LAMP).status_code == 404
    assert client.delete(path).status_code == 404


def test_an_id_may_have_leading_zeros(client: FlaskClient) -> None:
    """It is the same item."""
    client.post("/items", json=LAMP)
    assert client.get("/items/0001").json["id"] == 1


def test_echo_answers_with_the_validated_item(client: FlaskClient) -> None:
    """Defaults filled in, no id, nothing stored."""
    response = client.post("/echo", json={"price": 0.5, "name": "x", "id": 5})
    assert response.status_code == 200
    assert response.json == PLAIN
    assert client.get("/items").json == []
