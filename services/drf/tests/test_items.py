"""The item resource: what goes in comes out."""

from typing import Any

import pytest
from django.db import connection
from rest_framework.test import APIClient

from items.models import Item

LAMP = {"name": "Lamp", "description": "Blue", "price": 19.99, "in_stock": False}


def post(client: APIClient, body: str | bytes, path: str = "/items/") -> Any:
    return client.post(path, body, content_type="application/json")


def test_an_item_lives_from_post_to_delete(client: APIClient) -> None:
    """Created, read, replaced and deleted, an item is what was sent each time."""
    created = client.post("/items/", LAMP, format="json")
    assert created.status_code == 201
    path = f"/items/{created.json()['id']}"
    assert client.get(path).json() == created.json() == {"id": created.json()["id"], **LAMP}

    replaced = client.put(path, {"name": "Sun", "price": 5}, format="json")
    expected = {"name": "Sun", "description": "", "price": 5.0, "in_stock": True}
    assert replaced.json() == client.get(path + "/").json() == created.json() | expected

    deleted = client.delete(path)
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert client.get(path).status_code == 404


def test_json_is_compact_utf8_in_the_order_of_the_fields(client: APIClient) -> None:
    """JSON has no spaces and no escapes that UTF-8 does not need."""
    response = post(client, '{"price":1,"name":"é"}', "/echo")
    assert response.content.decode() == '{"name":"é","description":"","price":1.0,"in_stock":true}'
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Content-Length"] == str(len(response.content))


@pytest.mark.parametrize("method", ["put", "delete", "get"])
@pytest.mark.parametrize("number", ["7", "9223372036854775808", "9" * 5000])
def test_an_unknown_id_is_404_whatever_its_length(
    client: APIClient, method: str, number: str
) -> None:
    """An id that no item has is 404, also beyond the range of the database, and stores nothing."""
    body = None if method == "get" else LAMP
    assert getattr(client, method)(f"/items/{number}", body, format="json").status_code == 404
    assert not Item.objects.exists()


@pytest.mark.parametrize("name", [" ", "  two  ", "\t", "x" * 100, "😀" * 100])
def test_strings_are_kept_exactly(client: APIClient, name: str) -> None:
    """A string is stored and given back as it came, never trimmed."""
    created = client.post("/items/", {"name": name, "price": 1}, format="json").json()
    assert created["name"] == name == Item.objects.get(pk=created["id"]).name


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "true"),
        ("name", '""'),
        ("name", '"a\\u0000b"'),
        ("name", '"\\ud800"'),
        ("description", "null"),
        ("description", "[]"),
        ("price", '"free"'),
        ("price", "-1"),
        ("price", "1e400"),
        ("price", "1" + "0" * 400),
        ("in_stock", '"perhaps"'),
        ("in_stock", "null"),
    ],
)
def test_a_wrong_value_is_named(client: APIClient, field: str, value: str) -> None:
    """A value that cannot be meant is 422, names its field, and is not stored."""
    members = {"name": '"x"', "price": "1", field: value}
    response = post(client, "{" + ",".join(f'"{k}":{v}' for k, v in members.items()) + "}")
    assert response.status_code == 422
    assert [error["field"] for error in response.json()["errors"]] == [field]
    assert not Item.objects.exists()


def test_every_wrong_field_is_named_in_order(client: APIClient) -> None:
    """All wrong fields are told at once, in the order of the model."""
    response = post(client, '{"in_stock":[],"price":"","description":{}}')
    fields = [error["field"] for error in response.json()["errors"]]
    assert fields == ["name", "description", "price", "in_stock"]


def test_an_update_never_brings_back_a_deleted_item(client: APIClient) -> None:
    """Deleted between a PUT's own reading and writing, an item stays gone, and the PUT is 404."""
    item = Item.objects.create(**LAMP)

    def delete_first(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith("UPDATE"):
            with connection.cursor() as cursor, connection.execute_wrapper(directly):
                cursor.execute("DELETE FROM items")
        return execute(sql, *rest)

    def directly(execute: Any, *rest: Any) -> Any:
        return execute(*rest)

    with connection.execute_wrapper(delete_first):
        assert client.put(f"/items/{item.pk}", LAMP, format="json").status_code == 404
    assert not Item.objects.exists()


@pytest.mark.parametrize("body", ["null", "[]", '"x"', "5"])
def test_a_body_that_is_no_object_is_the_field_body(client: APIClient, body: str) -> None:
    """A JSON text that is no object is 422 for the field `body`."""
    response = post(client, body)
    assert response.status_code == 422
    assert [error["field"] for error in response.json()["errors"]] == ["body"]


def test_pages_are_plain_arrays_ordered_by_id(client: APIClient) -> None:
    """A page is an array by id, cut by limit and offset."""
    ids = [Item.objects.create(**LAMP).pk for _ in range(4)]
    Item.objects.filter(pk=ids[0]).update(name="moved")
    assert [item["id"] for item in client.get("/items").json()] == ids
    assert [item["id"] for item in client.get("/items/?limit=2&offset=1").json()] == ids[1:3]


@pytest.mark.parametrize("text", ["", "0", "1001", "-1", "+1", " 1", "1.0", "١", "9" * 5000])
def test_a_bad_page_is_named(client: APIClient, text: str) -> None:
    """Each bad parameter of a page is named in a 422."""
    response = client.get("/items/", {"offset": "x", "limit": text})
    assert response.status_code == 422
    assert [error["field"] for error in response.json()["errors"]] == ["limit", "offset"]
