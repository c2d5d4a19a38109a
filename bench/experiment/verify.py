"""The contract smoke: what every target must pass immediately before it is measured.

It is short, and it looks into the database: a service that answers well and stores nothing is
fast, and unfit.
"""

import json
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Any

from bench.analysis.diagnostics import requests_failed
from bench.database.admin import Admin
from bench.errors import LabError, TargetUnfit
from bench.model import LoadResult, Site, Target

_NEW = {"name": " Kept exactly ", "description": "née ☃", "price": 12.34, "in_stock": False}
_REPLACED = {"name": "Replaced", "description": "", "price": 0.1, "in_stock": True}
# Wrong at every level of the contract, whatever a framework's own options make of it.
_REFUSED = {**_NEW, "price": "cheap"}
_SHOWN = 60
"""Bytes of a wrong body that are shown."""

_JSON_KINDS: dict[type, str] = {dict: "an object", list: "an array"}


@dataclass(frozen=True)
class _HttpAnswer:
    status: int
    media_type: str
    body: bytes


class _HttpClient:
    def __init__(self, host: str, target: Target) -> None:
        self._target = target
        self._connection = HTTPConnection(host, target.http_port, timeout=10)

    def ask(self, method: str, path: str, body: object = None) -> _HttpAnswer:
        data = None if body is None else json.dumps(body).encode()
        headers = {} if data is None else {"Content-Type": "application/json"}
        try:
            self._connection.request(method, path, data, headers)
            answer = self._connection.getresponse()
            body = answer.read()
        except (OSError, HTTPException) as error:
            raise TargetUnfit(f"{self._target.name}: {method} {path} failed: {error!r}") from error
        return _HttpAnswer(answer.status, answer.headers.get_content_type(), body)

    def expect(
        self, status: int, method: str, path: str, body: object = None, *, kind: type = dict
    ) -> Any:
        """The answer's body, of the status, media type and JSON `kind` that the contract says.

        Raises TargetUnfit when it is of another.
        """
        answer = self.ask(method, path, body)
        media_type = "application/json" if status < 400 else "application/problem+json"
        wrong_type = status != 204 and answer.media_type != media_type
        if answer.status != status or wrong_type:
            raise TargetUnfit(
                f"{self._target.name}: {method} {path} answered {answer.status} "
                f"({answer.media_type}), the contract says {status} ({media_type})"
            )
        return None if status == 204 else self._parsed(answer.body, f"{method} {path}", kind)

    def _parsed(self, body: bytes, asked: str, kind: type) -> Any:
        try:
            parsed = json.loads(body)
        except ValueError:
            parsed = None
        if not isinstance(parsed, kind):
            raise TargetUnfit(
                f"{self._target.name}: the body that {asked} answered begins with "
                f"{body[:_SHOWN]!r}, the contract says {_JSON_KINDS[kind]}"
            )
        return parsed

    def close(self) -> None:
        self._connection.close()


def _require(target: Target, what: str, found: object, expected: object) -> None:
    if found != expected:
        raise TargetUnfit(f"{target.name}: {what} is {found!r}, the contract says {expected!r}")


@dataclass(frozen=True)
class Reported:
    """What a running service says of itself: versions, and the settings in force."""

    versions: dict[str, str]
    settings: dict[str, object]


def verify(site: Site, target: Target, admin: Admin) -> Reported:
    """Walk through the contract once, checking answers and stored rows.

    Returns what the running service reports of itself. Raises TargetUnfit.
    """
    try:
        return _walk(site, target, admin)
    except TargetUnfit as error:
        if admin.has_table():
            raise
        raise TargetUnfit(
            f"{error.message}: somebody has removed its table items",
            "Its migrations, which have run, do not make it again: `make clean`, and all databases "
            "are made anew.",
        ) from error


def _walk(site: Site, target: Target, admin: Admin) -> Reported:
    with closing(_HttpClient(site.host, target)) as client:
        _require(target, "/ping", client.expect(200, "GET", "/ping"), {"status": "ok"})
        _require(target, "/echo", client.expect(200, "POST", "/echo", _NEW), _NEW)
        _walk_item(client, target, admin)
        client.expect(422, "POST", "/items/", _REFUSED)
        return _reported(client)


def reported(host: str, target: Target) -> Reported:
    """What a running service says of itself, and nothing else asked. Raises TargetUnfit."""
    with closing(_HttpClient(host, target)) as client:
        return _reported(client)


def _reported(client: _HttpClient) -> Reported:
    ready = client.expect(200, "GET", "/readyz")
    told = (ready.get(part) for part in ("versions", "settings"))
    return Reported(*(part if isinstance(part, dict) else {} for part in told))


def _walk_item(client: _HttpClient, target: Target, admin: Admin) -> None:
    created = client.expect(201, "POST", "/items/", _NEW)
    item_id = created.get("id")
    _require(target, "the type of the created item's id", type(item_id), int)
    path = f"/items/{item_id}"
    stored = {"id": item_id, **_NEW}
    _require(target, "the created item", created, stored)
    _require(target, "the stored row", admin.fetch_item(item_id), stored)
    _require(target, "the item read back", client.expect(200, "GET", path), stored)
    listed = client.expect(200, "GET", "/items/?limit=1", kind=list)
    _require(target, "the length of a list with limit=1", len(listed), 1)
    replaced = {"id": item_id, **_REPLACED}
    _require(target, "the replaced item", client.expect(200, "PUT", path, _REPLACED), replaced)
    _require(target, "the stored row", admin.fetch_item(item_id), replaced)
    client.expect(204, "DELETE", path)
    _require(target, "the stored row after DELETE", admin.fetch_item(item_id), None)
    client.expect(404, "GET", path)


def require_answers(load: LoadResult, target: str) -> None:
    """Raises LabError when a request failed or none was answered; what the machine kept from being
    sent is told as the machine's.
    """
    see_log = f"See its log: make logs FRAMEWORK={target}"
    for told in requests_failed(load):
        remedy = see_log if told.code == "errors" else told.remedy
        raise LabError(f"{target}: {told.message}", remedy)
    if not load.succeeded:
        raise LabError(f"{target} answered no request", see_log)
