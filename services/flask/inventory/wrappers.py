"""Flask's own extension points for requests, JSON and sessions, filled in for this API."""

import json
from typing import Any, NoReturn

import flask
import orjson
from flask.json.provider import JSONProvider
from flask.sessions import SessionInterface
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, UnsupportedMediaType

MAX_BODY_BYTES = 1024 * 1024


class Request(flask.Request):
    """A request whose body is JSON or refused."""

    def json_body(self) -> Any:
        """The parsed body. Faults are told in the order 413, 415, 400."""
        body = self.read_body()
        content_type = self.environ.get("CONTENT_TYPE", "")
        if content_type != "application/json":
            self.check_media_type(content_type, body)
        try:
            return self.json_module.loads(body)
        except (ValueError, RecursionError) as error:
            raise BadRequest from error

    def read_body(self) -> bytes:
        """At most one byte more than allowed is read: a chunked body does not tell its length.

        `MAX_CONTENT_LENGTH` is not used, because Werkzeug then reads by way of a 64 KiB buffer
        for each request, and cuts a chunked body at the limit without a word.
        """
        if (self.content_length or 0) > MAX_BODY_BYTES:
            raise RequestEntityTooLarge
        try:
            body: bytes = self.stream.read(MAX_BODY_BYTES + 1)
        except Exception as error:
            # WSGI does not say what a server raises for a broken chunk or a client that is gone.
            raise BadRequest from error
        if len(body) > MAX_BODY_BYTES:
            raise RequestEntityTooLarge
        return body

    @staticmethod
    def check_media_type(content_type: str, body: bytes) -> None:
        media_type = content_type.partition(";")[0].strip().lower()
        if media_type != "application/json" and (content_type or body):
            raise UnsupportedMediaType


class Response(flask.Response):
    """No body, no Content-Type: there is no default to be wrong about."""

    default_mimetype = None


class OrjsonProvider(JSONProvider):
    """orjson both ways, and straight to bytes for responses."""

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        return orjson.dumps(obj, **kwargs).decode()

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        try:
            return orjson.loads(s)
        except orjson.JSONDecodeError:
            # orjson also refuses what is JSON by its grammar: numbers beyond a double and lone
            # surrogates. Those are for the schema to judge, so the slow parser has the last word.
            text = s if isinstance(s, str) else s.decode()
            return json.loads(text, parse_int=float, parse_constant=_refuse_constant)

    def response(self, *args: Any, **kwargs: Any) -> flask.Response:
        body = orjson.dumps(self._prepare_response_obj(args, kwargs))
        return self._app.response_class(body, content_type="application/json")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


class Stateless(SessionInterface):
    """No cookie session is opened, signed or saved: this API keeps no state of its clients."""

    def open_session(self, app: flask.Flask, request: flask.Request) -> None:
        return None
