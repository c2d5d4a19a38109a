"""The life of an item, and what is refused, as a client sees it."""

from io import BytesIO
from typing import Any

import database
import pytest
from database import checked_connection
from werkzeug.test import Client

LAMP: dict[str, Any] = {"name": "Lämp", "description": " a ", "price": 10.0, "in_stock": False}
PLAIN: dict[str, Any] = {"name": "x", "description": "", "price": 0.5, "in_stock": True}


def fields(response: Any) -> list[str]:
    assert response.status_code == 422
    assert response.content_type == "application/problem+json"
    return [error["field"] for error in response.json["errors"]]


def test_an_item_lives(client: Client) -> None:
    """Created, read, replaced, listed, deleted, gone."""
    created = client.post("/items/", json=LAMP)
    assert (created.status_code, created.content_type) == (201, "application/json")
    assert created.json == {"id": 1, **LAMP}
    assert client.get("/items/1/").json == created.json
    replaced = client.put("/items/1", json={"name": "x", "price": 0.5, "id": 7, "color": "red"})
    assert (replaced.status_code, replaced.json) == (200, {"id": 1, **PLAIN})
    assert client.get("/items").json == [replaced.json]
    deleted = client.delete("/items/1")
    assert (deleted.status_code, deleted.data, deleted.content_type) == (204, b"", None)
    for method in ("GET", "PUT", "DELETE"):
        assert client.open("/items/1", method=method, json=LAMP).status_code == 404
    assert client.get("/items").json == []


def test_list_pages_through_items_by_id(client: Client) -> None:
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
        ("offset=9223372036854775808", ["offset"]),
        ("offset=" + "9" * 5000, ["offset"]),
        ("offset=-1&limit=x", ["limit", "offset"]),
    ],
)
def test_list_refuses_bad_pages(client: Client, query: str, wrong: list[str]) -> None:
    """Every wrong parameter is named once, limit first."""
    assert fields(client.get(f"/items?{query}")) == wrong


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ("{}", ["name", "price"]),
        ('{"name":null,"description":null,"price":null}', ["name", "description", "price"]),
        ('{"name":5,"price":"5","in_stock":0}', ["name", "price", "in_stock"]),
        ('{"name":"x","price":true}', ["price"]),
        ('{"name":"x","price":NaN}', ["price"]),
        ('{"name":"x","price":1e400}', ["price"]),
        ('{"name":"x","price":' + "9" * 400 + "}", ["price"]),
        ('{"name":"' + "é" * 101 + '","price":1}', ["name"]),
        ('{"name":"a\\u0000","description":"\\ud800","price":1}', ["name", "description"]),
        ("[]", ["body"]),
        ('"x"', ["body"]),
    ],
)
def test_invalid_fields_are_named_in_order(client: Client, body: str, wrong: list[str]) -> None:
    """Each wrong field once, in the item's own order, and nothing is stored."""
    assert fields(client.post("/items", data=body, content_type="application/json")) == wrong
    assert client.get("/items").json == []


@pytest.mark.parametrize("body", ["", "{", "{'name':1}", b'{"name":"\xff"}', "[" * 20000])
def test_what_is_not_json_is_a_bad_request(client: Client, body: str | bytes) -> None:
    """Depth is no reason to fail either."""
    response = client.post("/items", data=body, content_type="application/json")
    assert response.status_code == 400
    assert response.json["detail"] == "The request body is not valid JSON."


def test_a_body_that_ends_too_early_is_not_taken(client: Client) -> None:
    """Its client has gone away, though the part that came is JSON by itself."""
    response = client.post(
        "/items",
        input_stream=BytesIO(b'{"name":"x","price":1}'),
        content_type="application/json",
        environ_overrides={"CONTENT_LENGTH": "999"},
    )
    assert response.status_code == 400
    assert client.get("/items").json == []


def test_other_media_types_are_refused(client: Client) -> None:
    """Even for a body that would parse; parameters and case do not matter."""
    assert client.post("/echo", data="{}", content_type="text/plain").status_code == 415
    given = client.post("/echo", data='{"name":"x","price":0.5}', content_type="APPLICATION/JSON;a")
    assert (given.status_code, given.json) == (200, PLAIN)


@pytest.mark.parametrize(
    "path",
    ["/", "/nope", "/echo/", "/items/x", "/items/9223372036854775808", "/items/" + "9" * 5000],
)
def test_unknown_paths_are_problems(client: Client, path: str) -> None:
    """An id beyond a bigint is one of them."""
    response = client.get(path)
    assert response.status_code == 404
    assert response.content_type == "application/problem+json"
    assert response.json == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "The requested resource does not exist.",
    }


def test_other_methods_are_told_what_is_allowed(client: Client) -> None:
    """With Allow."""
    for path in ("/items/1", f"/items/{2**63}"):
        response = client.patch(path)
        assert response.status_code == 405
        assert response.allow.as_set() == {"get", "head", "put", "delete"}


def test_readyz_asks_the_database(client: Client) -> None:
    """And tells what runs."""
    told = client.get("/readyz").json
    assert told["status"] == "ok"
    assert {"python", "gunicorn", "psycopg2-binary"} < told["versions"].keys()
    assert told["settings"]["driver"] == "psycopg2"


def test_a_lost_connection_is_replaced(client: Client) -> None:
    """Each is checked before it is used."""
    database.thread.connection.close()
    assert client.get("/readyz").status_code == 200


def test_an_old_connection_is_replaced(client: Client) -> None:
    """After an hour."""
    first = database.thread.connection
    database.thread.opened -= database.MAX_AGE_S
    assert client.get("/readyz").status_code == 200
    assert database.thread.connection is not first
    assert first.closed


def test_an_unreachable_database_is_503(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everywhere but in /ping, which does not need it; and then it works again."""
    with monkeypatch.context() as patch:
        patch.setattr(database, "DATABASE_URL", "postgresql://testuser@127.0.0.1:1/nothing")
        database.thread.connection.close()
        for path in ("/readyz", "/items", "/items/1"):
            response = client.get(path)
            assert response.status_code == 503
            assert response.json["detail"] == "The database does not answer."
        assert client.get("/ping").json == {"status": "ok"}
    assert client.get("/readyz").status_code == 200


def test_an_unexpected_failure_is_a_problem_without_details(client: Client) -> None:
    """The trace belongs into the log, not into the answer."""
    with checked_connection().cursor() as cursor:
        cursor.execute("ALTER TABLE items RENAME TO away")
        response = client.get("/items")
        cursor.execute("ALTER TABLE away RENAME TO items")
    assert response.status_code == 500
    assert response.json["detail"] == "The server failed to answer."
    assert b"away" not in response.data
