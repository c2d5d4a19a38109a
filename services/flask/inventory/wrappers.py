"""Flask's own extension points for requests, responses, JSON and sessions, for a JSON API."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn, override

import flask
import orjson
from flask.json.provider import JSONProvider
from flask.sessions import SessionInterface
from werkzeug.datastructures import Headers
from werkzeug.exceptions import (
    BadRequest,
    NotFound,
    RequestEntityTooLarge,
    UnsupportedMediaType,
)

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from werkzeug.routing import MapAdapter

MAX_BODY_BYTES = 1024 * 1024


class BrokenBody(BadRequest):
    """A body that cannot be read to its end."""

    description = "The request is not valid HTTP."


class Request(flask.Request):
    """A request whose body is JSON or refused, with faults told in the order 413, 415, 400."""

    @property
    @override
    def is_json(self) -> bool:
        """Only application/json: Werkzeug would take every type that ends in +json."""
        if self.environ.get("CONTENT_TYPE") == "application/json":
            return True  # without parsing the header
        return self.mimetype == "application/json"

    @override
    def get_data(self, *_: Any, **__: Any) -> bytes:  # type: ignore[override]
        """At most one byte more than allowed is read: a chunked body does not tell its length.

        `MAX_CONTENT_LENGTH` is not used, because Werkzeug then reads by way of a 64 KiB buffer
        for each request, and cuts a chunked body at the limit without a word.
        """
        length = self.content_length or 0
        if length > MAX_BODY_BYTES:
            raise RequestEntityTooLarge
        try:
            body: bytes = self.stream.read(MAX_BODY_BYTES + 1)
        except Exception as error:
            # WSGI does not say what a server raises for a broken chunk or a client that is gone.
            raise BrokenBody from error
        if len(body) > MAX_BODY_BYTES:
            raise RequestEntityTooLarge
        if len(body) < length:
            # What came may be JSON by itself, but it is not what the client meant to send.
            raise BrokenBody
        return body

    @override
    def on_json_loading_failed(self, e: ValueError | None) -> NoReturn:
        """Without an error, the type was wrong; with no type and no body, the body is missing."""
        if e is None and (self.get_data() or self.content_type):
            raise UnsupportedMediaType
        raise BadRequest


class Response(flask.Response):
    """A response that has nothing more to be worked out when it is sent."""

    # No body, no Content-Type: there is no default to be wrong about.
    default_mimetype = None

    @override
    def get_wsgi_headers(self, environ: WSGIEnvironment) -> Headers:
        """As they are: the length is set with the body, and no Location is to be made absolute."""
        return self.headers


class OrjsonProvider(JSONProvider):
    """orjson both ways, and straight to bytes for responses."""

    @override
    def dumps(self, obj: Any, **kwargs: Any) -> str:
        return orjson.dumps(obj, **kwargs).decode()

    @override
    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        try:
            return orjson.loads(s)
        except orjson.JSONDecodeError:
            # orjson also refuses what is JSON by its grammar: numbers beyond a double and lone
            # surrogates. Those are for the schema to judge, so the slow parser has the last word.
            return _loads_slowly(s if isinstance(s, str) else s.decode())

    @override
    def response(self, *args: Any, **kwargs: Any) -> Response:
        body = orjson.dumps(self._prepare_response_obj(args, kwargs))
        return Response(body, content_type="application/json")


def _loads_slowly(text: str) -> Any:
    try:
        return json.loads(text, parse_int=float, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise ValueError("The JSON is nested too deeply.") from error


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


class Stateless(SessionInterface):
    """No cookie session is opened, signed or saved: this API keeps no state of its clients."""

    @override
    def open_session(self, app: flask.Flask, request: flask.Request) -> None:
        return None


class JSONFlask(flask.Flask):
    """A Flask application that speaks JSON both ways."""

    request_class = Request
    response_class = Response
    json_provider_class = OrjsonProvider
    session_interface = Stateless()

    @override
    def create_url_adapter(self, request: flask.Request | None) -> MapAdapter | None:
        """Werkzeug takes any number of leading slashes for one; here such a path is unknown."""
        if request is not None and request.environ["PATH_INFO"].startswith("//"):
            raise NotFound
        return super().create_url_adapter(request)

    @override
    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """No view or hook here is a coroutine, so none is inspected on each call."""
        return func
