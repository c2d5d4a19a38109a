"""orjson in place of the standard library's JSON."""

import json
from typing import Any, NoReturn, override

import flask
import orjson
from flask.json.provider import JSONProvider


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
            text = s if isinstance(s, str) else s.decode()
            return json.loads(text, parse_int=float, parse_constant=_refuse_constant)

    @override
    def response(self, *args: Any, **kwargs: Any) -> flask.Response:
        body = orjson.dumps(self._prepare_response_obj(args, kwargs))
        return flask.Response(body, content_type="application/json")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
