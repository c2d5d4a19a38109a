"""What clients may send."""

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import orjson
from gunicorn.http.errors import ParseException
from problems import Problem

MAX_BIGINT = 2**63 - 1
BROKEN = "The request is not valid HTTP."

# PostgreSQL stores neither NUL nor a lone surrogate in a string.
is_name = re.compile(r"[^\0\ud800-\udfff]{1,100}").fullmatch
is_description = re.compile(r"[^\0\ud800-\udfff]{0,1000}").fullmatch

RULES: dict[str, tuple[Callable[[Any], object], str]] = {
    "name": (
        lambda value: isinstance(value, str) and is_name(value),
        "Must be a string of 1 to 100 characters, none of them NUL or a lone surrogate.",
    ),
    "description": (
        lambda value: isinstance(value, str) and is_description(value),
        "Must be a string of up to 1000 characters, none of them NUL or a lone surrogate.",
    ),
    "price": (
        lambda value: type(value) in {int, float} and 0 <= value <= 1e9,
        "Must be a number from 0 to 1000000000.",
    ),
    "in_stock": (lambda value: isinstance(value, bool), "Must be true or false."),
}
DEFAULTS = {"description": "", "in_stock": True}
PAGE = {"limit": (1, 1000, "100"), "offset": (0, MAX_BIGINT, "0")}


def item_in(environ: dict[str, Any]) -> dict[str, Any]:
    """The item that the request's body describes."""
    value = parsed(body_of(environ))
    if not isinstance(value, dict):
        raise invalid({"body": "Must be an object."})
    item = {name: value.get(name, DEFAULTS.get(name)) for name in RULES}
    errors = {
        name: message for name, (is_valid, message) in RULES.items() if not is_valid(item[name])
    }
    if errors:
        raise invalid(errors)
    return item | {"price": float(item["price"])}


def page_in(environ: dict[str, Any]) -> dict[str, int]:
    """The limit and the offset that the query asks for."""
    given = dict(parse_qsl(environ["QUERY_STRING"], keep_blank_values=True))
    page = {}
    errors = {}
    for name, (low, high, default) in PAGE.items():
        digits = given.get(name, default)
        page[name] = to_number(digits) if digits.isascii() and digits.isdigit() else -1
        if not low <= page[name] <= high:
            errors[name] = f"Must be a whole number from {low} to {high}."
    if errors:
        raise invalid(errors)
    return page


def body_of(environ: dict[str, Any]) -> bytes:
    media_type = environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise Problem(415)
    try:
        body: bytes = environ["wsgi.input"].read()
    except (ParseException, OSError) as error:  # a broken chunk, or a client that is gone
        raise Problem(400, detail=BROKEN) from error
    if len(body) < int(environ.get("CONTENT_LENGTH") or 0):
        raise Problem(400, detail=BROKEN)
    return body


def parsed(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        # It also refuses lone surrogates and numbers beyond a double, which are JSON.
        try:
            return json.loads(body, parse_int=float)
        except (ValueError, RecursionError) as error:
            raise Problem(400) from error


def to_number(digits: str) -> int:
    """int() refuses thousands of digits. The first 20 are enough to be beyond any bigint."""
    return int(digits.lstrip("0")[:20] or 0)


def invalid(errors: dict[str, str]) -> Problem:
    return Problem(
        422, errors=[{"field": field, "message": message} for field, message in errors.items()]
    )
