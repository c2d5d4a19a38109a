"""JSON in and out with orjson, by REST framework's own extension points."""

import json
from typing import Any, NoReturn

import orjson
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer


class JSONRenderer(BaseRenderer):
    media_type = "application/json"
    format = "json"
    charset = None  # JSON is bytes, always UTF-8

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: dict[str, Any] | None = None,
    ) -> bytes:
        return b"" if data is None else orjson.dumps(data)


class JSONParser(BaseParser):
    media_type = "application/json"

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: dict[str, Any] | None = None,
    ) -> Any:
        body = stream.read()
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError:
            return parse_leniently(body)


def parse_leniently(body: bytes) -> Any:
    """Parse what orjson refuses although its syntax is right.

    That is a lone surrogate or a number beyond a double. They belong to a field, so the
    serializer shall refuse them and name it.
    """
    try:
        return json.loads(body.decode(), parse_constant=refuse_constant)
    except (ValueError, RecursionError) as error:
        raise ParseError from error


def refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
