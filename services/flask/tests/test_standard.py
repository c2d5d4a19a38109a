"""What the usual way brings with it: time between statements, and bodies that are taken as read."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from gunicorn.http.errors import InvalidChunkSize, NoMoreData
from inventory.extensions import db
from sqlalchemy import event, text

LAMP: dict[str, Any] = {"name": "Lamp", "price": 10}


@contextmanager
def deleted_by_another(app: Flask, moment: str) -> Iterator[None]:
    """Another client deletes all items at this moment of the session's life."""

    def delete(*_: Any) -> None:
        with db.engine.begin() as connection:
            connection.execute(text("DELETE FROM items"))

    event.listen(db.session, moment, delete)
    try:
        yield
    finally:
        event.remove(db.session, moment, delete)


@pytest.mark.parametrize("moment", ["before_flush", "after_commit"])
def test_an_update_of_an_item_that_goes_is_not_found(
    standard_app: Flask, standard_client: FlaskClient, moment: str
) -> None:
    """Before the UPDATE it is a StaleDataError; after it, the answer's own SELECT finds nothing."""
    standard_client.post("/items", json=LAMP)
    with deleted_by_another(standard_app, moment):
        response = standard_client.put("/items/1", json=LAMP | {"price": 11})
    assert response.status_code == 404
    assert response.content_type == "application/problem+json"
    assert standard_client.get("/items").json == []


def test_a_deletion_of_an_item_that_goes_is_done(
    standard_app: Flask, standard_client: FlaskClient
) -> None:
    """SQLAlchemy warns of it; what the client wants is so."""
    standard_client.post("/items", json=LAMP)
    with (
        deleted_by_another(standard_app, "before_flush"),
        pytest.warns(match="0 were matched"),
    ):
        assert standard_client.delete("/items/1").status_code == 204


def test_a_body_that_ends_too_early_is_not_taken(standard_client: FlaskClient) -> None:
    """Its client has gone away, though the part that came is JSON by itself."""
    response = standard_client.post(
        "/items",
        input_stream=BytesIO(b'{"name":"x","price":1}'),
        content_type="application/json",
        environ_overrides={"CONTENT_LENGTH": "999", "wsgi.input_terminated": True},
    )
    assert response.status_code == 400
    assert response.json["detail"] == "The request is not valid HTTP."
    assert standard_client.get("/items").json == []


@pytest.mark.parametrize("error", [InvalidChunkSize(b"zz"), NoMoreData()])
def test_a_broken_chunk_is_a_bad_request(standard_client: FlaskClient, error: Exception) -> None:
    """Not a failure of the application, which happens to read it."""

    class Broken(BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise error

    response = standard_client.post(
        "/echo",
        input_stream=Broken(),
        content_type="application/json",
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert response.status_code == 400
    assert response.json["detail"] == "The request is not valid HTTP."


@pytest.mark.parametrize("price", ["NaN", "-Infinity", '"nan"'])
def test_what_is_no_number_is_never_a_price(standard_client: FlaskClient, price: str) -> None:
    """Python's parser takes it, and marshmallow would take it from a string."""
    body = f'{{"name":"x","price":{price}}}'
    response = standard_client.post("/items", data=body, content_type="application/json")
    assert response.status_code == 422
    assert [error["field"] for error in response.json["errors"]] == ["price"]
