"""HTTP as the strict contract wants it: bodies, ids and slashes."""

import socket
from contextlib import suppress
from functools import partial
from typing import Any

from flask import Flask, Response, abort, current_app, request
from werkzeug.exceptions import (
    BadRequest,
    ClientDisconnected,
    RequestEntityTooLarge,
    UnsupportedMediaType,
)
from werkzeug.routing import BaseConverter

JSON = "application/json"
MAX_BIGINT = 2**63 - 1
MAX_BODY_BYTES = 1024 * 1024
# How much of an unwanted body is read, and how long the next part of it is waited for.
DISCARD_BYTES = 64 * 1024 * 1024
DISCARD_PATIENCE_S = 5
CHUNK_BYTES = 64 * 1024


def init_app(app: Flask) -> None:
    # OPTIONS is a method like any other here: not offered, so 405.
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.url_map.converters["item_id"] = ItemIdConverter
    # A doubled slash is an unknown path, not a reason to redirect.
    app.url_map.merge_slashes = False
    app.before_request(refuse_leading_slashes)
    app.after_request(discard_unread_body)


class ItemIdConverter(BaseConverter):
    """An item's id: ASCII digits only, where Werkzeug's own `int` takes those of any script.

    An id too large for the database is still one, of an item that nobody has.
    """

    regex = "[0-9]+"

    def to_python(self, value: str) -> int:
        return to_number(value)


def to_number(digits: str) -> int:
    """int() refuses thousands of digits. The first 20 are enough to be beyond any bigint."""
    return int(digits.lstrip("0")[:20] or 0)


def refuse_leading_slashes() -> None:
    """Werkzeug takes any number of leading slashes for one; here such a path is unknown."""
    if request.environ["PATH_INFO"].startswith("//"):
        abort(404)


def json_body() -> Any:
    """The request's JSON. Faults are told in the order 413, 415, 400."""
    body = whole_body()
    media_type = request.environ.get("CONTENT_TYPE", "")
    # Werkzeug would take every type that ends in +json.
    if media_type != JSON and request.mimetype != JSON:
        # With no type and no body, the body is missing.
        raise UnsupportedMediaType if body or media_type else BadRequest
    try:
        return current_app.json.loads(body)
    except ValueError as error:
        raise BadRequest from error


def whole_body() -> bytes:
    """The request's body, to its last byte.

    At most one byte more than allowed is read: a chunked body does not tell its length. Flask's
    own MAX_CONTENT_LENGTH would cut it there without a word.
    """
    length = request.content_length or 0
    if length > MAX_BODY_BYTES:
        raise RequestEntityTooLarge
    try:
        body: bytes = request.environ["wsgi.input"].read(MAX_BODY_BYTES + 1)
    except Exception as error:
        # WSGI does not say what a server raises for a broken chunk or a client that is gone.
        raise ClientDisconnected from error
    if len(body) > MAX_BODY_BYTES:
        raise RequestEntityTooLarge
    if len(body) < length:
        # What came may be JSON by itself, but it is not what the client meant to send.
        raise ClientDisconnected
    return body


def discard_unread_body(response: Response) -> Response:
    if response.status_code >= 400:
        response.call_on_close(partial(discard_body, request.environ))
    return response


def discard_body(environ: dict[str, Any]) -> None:
    """Once the answer is sent, read what the client still sends of its body.

    Closing a connection with unread bytes in it would reset it, and the client, still sending,
    would not see its answer. One that stops in the middle, or never stops, loses its connection.
    """
    connection: socket.socket | None = environ.get("gunicorn.socket")
    with suppress(Exception):  # a client that is gone or silent, a broken chunk
        if connection is not None:
            connection.settimeout(DISCARD_PATIENCE_S)
        for _ in range(DISCARD_BYTES // CHUNK_BYTES):
            if not environ["wsgi.input"].read(CHUNK_BYTES):
                return
    if connection is not None:
        with suppress(OSError):
            # Gunicorn's own close would wait for the client, and meanwhile serve nobody else.
            connection.shutdown(socket.SHUT_RDWR)
