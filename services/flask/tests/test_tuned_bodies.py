"""What the tuned /echo makes of bodies, good and bad. It validates like /items."""

from io import BytesIO
from socket import socketpair
from typing import Any

import pytest
from flask.testing import FlaskClient

MIB = 1024 * 1024


def padded(size: int) -> bytes:
    start, end = b'{"name":"x","price":1,"pad":"', b'"}'
    return start + b"x" * (size - len(start) - len(end)) + end


def echo(client: FlaskClient, body: str | bytes, content_type: str = "application/json") -> Any:
    return client.post("/echo", data=body, content_type=content_type)


def fields(response: Any) -> list[str]:
    assert response.status_code == 422
    return [error["field"] for error in response.json["errors"]]


def test_echo_answers_with_the_validated_item(tuned_client: FlaskClient) -> None:
    """Defaults filled in, no id."""
    response = echo(tuned_client, '{"price":1,"name":"\\u00e9"}')
    assert response.status_code == 200
    assert response.data == '{"name":"é","description":"","price":1.0,"in_stock":true}'.encode()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("{}", ["name", "price"]),
        ('{"name":"","price":-1,"in_stock":0}', ["name", "price", "in_stock"]),
        ('{"name":null,"description":null,"price":null}', ["name", "description", "price"]),
        ('{"name":5,"price":"5"}', ["name", "price"]),
        ('{"name":"x","price":true}', ["price"]),
        ('{"name":"x","price":1e400}', ["price"]),
        ('{"name":"x","price":' + "9" * 400 + "}", ["price"]),
        ('{"name":"x","price":1000000000.1}', ["price"]),
        ('{"name":"' + "é" * 101 + '","price":1}', ["name"]),
        ('{"name":"a\\u0000","description":"\\ud800","price":1}', ["name", "description"]),
        ("[]", ["body"]),
        ("null", ["body"]),
        ('"x"', ["body"]),
    ],
)
def test_invalid_fields_are_named_in_order(
    tuned_client: FlaskClient, body: str, expected: list[str]
) -> None:
    """Each wrong field once, in the item's own order."""
    assert fields(echo(tuned_client, body)) == expected


@pytest.mark.parametrize(
    "body",
    [
        '{"name":" ","price":0}',
        '{"name":"' + "é" * 100 + '","price":1000000000}',
        '{"name":"x","price":-0.0}',
        '{"name":"\\ud83d\\ude00","price":1e-320}',
        '{"name":"x","price":1,"other":"\\ud800","big":1e999}',
    ],
)
def test_unusual_items_are_taken(tuned_client: FlaskClient, body: str) -> None:
    """The limits belong to the range; what is ignored may hold anything that is JSON."""
    assert echo(tuned_client, body).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "{'name':1}",
        '{"price":NaN}',
        '{"price":-Infinity}',
        b'{"name":"\xff"}',
        "[" * 20000,
    ],
)
def test_what_is_not_json_is_a_bad_request(tuned_client: FlaskClient, body: str | bytes) -> None:
    """Neither NaN nor broken UTF-8 is JSON; depth is no reason to fail either."""
    response = echo(tuned_client, body)
    assert response.status_code == 400
    assert response.content_type == "application/problem+json"
    assert response.json["detail"] == "The request body is not valid JSON."


@pytest.mark.parametrize("media_type", ["Application/JSON; charset=latin-1", "application/json ;a"])
def test_parameters_of_the_media_type_are_ignored(
    tuned_client: FlaskClient, media_type: str
) -> None:
    """And so is its case."""
    assert echo(tuned_client, '{"name":"x","price":1}', media_type).status_code == 200


@pytest.mark.parametrize("media_type", ["text/plain", "application/vnd.api+json", "json"])
def test_other_media_types_are_refused(tuned_client: FlaskClient, media_type: str) -> None:
    """Only application/json will do, even for a body that would parse."""
    assert echo(tuned_client, "{}", media_type).status_code == 415


def test_without_a_media_type_it_depends_on_the_body(tuned_client: FlaskClient) -> None:
    """Nothing at all is no JSON; something of unknown type is not supported."""
    assert tuned_client.post("/echo").status_code == 400
    assert tuned_client.post("/echo", data=b"{}").status_code == 415


def test_a_body_may_have_one_mebibyte(tuned_client: FlaskClient) -> None:
    """Not a byte more, and size is looked at before type."""
    assert echo(tuned_client, padded(MIB)).status_code == 200
    assert echo(tuned_client, padded(MIB + 1)).status_code == 413
    assert echo(tuned_client, padded(MIB + 1), "text/plain").status_code == 413


@pytest.mark.parametrize(("size", "status"), [(MIB, 200), (MIB + 1, 413), (5 * MIB, 413)])
def test_a_chunked_body_has_the_same_limit(
    tuned_client: FlaskClient, size: int, status: int
) -> None:
    """It does not tell its length beforehand, and is never cut to the limit in silence."""
    stream = BytesIO(padded(size))
    response = tuned_client.post(
        "/echo",
        input_stream=stream,
        content_type="application/json",
        environ_overrides={"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"},
    )
    assert response.status_code == status
    response.close()
    # A client that still sends would see a reset connection instead of the answer.
    assert stream.read() == b""


class Silent(BytesIO):
    """A body that never comes: the server would wait for it."""

    def read(self, size: int | None = -1, /) -> bytes:
        raise TimeoutError


@pytest.mark.parametrize("length", [10 * 1024 * MIB, 2**64])
def test_what_is_too_large_is_not_waited_for(tuned_client: FlaskClient, length: int) -> None:
    """The answer comes first. A client that sends nothing more then loses its connection."""
    ours, theirs = socketpair()
    with ours, theirs:
        response = tuned_client.post(
            "/echo",
            input_stream=Silent(),
            content_type="application/json",
            environ_overrides={"CONTENT_LENGTH": str(length), "gunicorn.socket": ours},
        )
        assert response.status_code == 413
        response.close()
        assert theirs.recv(1) == b""


def test_a_body_that_ends_too_early_is_not_taken(tuned_client: FlaskClient) -> None:
    """Its client has gone away, though the part that came is JSON by itself."""
    body = b'{"name":"x","price":1}'
    response = tuned_client.post(
        "/items",
        input_stream=BytesIO(body),
        content_type="application/json",
        environ_overrides={"CONTENT_LENGTH": str(len(body) + 1), "wsgi.input_terminated": True},
    )
    assert response.status_code == 400
    assert response.json["detail"] == "The request is not valid HTTP."
    assert tuned_client.get("/items").json == []
