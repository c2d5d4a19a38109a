"""A WSGI application by hand: no framework, no ORM."""

import re
import traceback
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

import orjson
import psycopg2
from health import ping, readyz
from items import create_item, delete_item, echo, list_items, read_item, update_item
from problems import Problem
from validation import MAX_BIGINT, to_number

Environ = dict[str, Any]
# Gives a status and what becomes JSON; None is no body.
Handler = Callable[..., tuple[int, Any]]
Handlers = dict[str, Handler]

# The server leaves out the body of an answer to HEAD.
ALL: Handlers = {"GET": list_items, "HEAD": list_items, "POST": create_item}
ONE: Handlers = {"GET": read_item, "HEAD": read_item, "PUT": update_item, "DELETE": delete_item}
ROUTES: dict[str, Handlers] = {
    "/items": ALL,
    "/items/": ALL,
    "/echo": {"POST": echo},
    "/ping": {"GET": ping, "HEAD": ping},
    "/readyz": {"GET": readyz, "HEAD": readyz},
}
is_one = re.compile("/items/([0-9]+)/?").fullmatch


def application(environ: Environ, start_response: Callable[..., object]) -> Iterable[bytes]:
    headers = [("Content-Type", "application/json")]
    try:
        handler, ids = route(environ["PATH_INFO"], environ["REQUEST_METHOD"])
        status, value = handler(environ, *ids)
    except Exception as error:  # noqa: BLE001 - whatever fails, the client is told
        problem = error if isinstance(error, Problem) else failure(error, environ["wsgi.errors"])
        status, value, headers = problem.status, problem.body, problem.headers
    line = f"{status} {HTTPStatus(status).phrase}"
    if value is None:
        start_response(line, [])
        return []
    body = orjson.dumps(value)
    start_response(line, [*headers, ("Content-Length", str(len(body)))])
    return [body]


def route(path: str, method: str) -> tuple[Handler, list[int]]:
    """The handler of a path and a method, and the id that the path holds."""
    ids = []
    handlers = ROUTES.get(path)
    if match := is_one(path):
        ids = [to_number(match[1])]
        handlers = ONE
    if handlers is None:
        raise Problem(404)
    if method not in handlers:
        raise Problem(405, headers=[("Allow", ", ".join(handlers))])
    if ids and ids[0] > MAX_BIGINT:
        raise Problem(404)
    return handlers[method], ids


def failure(error: Exception, log: Any) -> Problem:
    traceback.print_exception(error, file=log)
    is_lost = isinstance(error, psycopg2.OperationalError | psycopg2.InterfaceError)
    return Problem(503 if is_lost else 500)
