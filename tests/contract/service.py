"""One target under test: its HTTP side and its database side."""

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

import psycopg2

from .answer import JSON, Answer, encoded
from .wire import Wire, in_chunks

# More than any service has threads or pooled connections, so that a burst reaches all of them.
BURST = 60


class LiveService(Protocol):
    """What a fixture must tell of a running target."""

    @property
    def name(self) -> str: ...
    @property
    def base_url(self) -> str: ...
    @property
    def dsn(self) -> str: ...
    @property
    def pgpass(self) -> Path: ...


class Service:
    """A live target, a connection to it and a superuser's view of its database."""

    def __init__(self, live: LiveService) -> None:
        self.name = live.name
        self.base_url = live.base_url
        self._live = live
        self._connections: dict[str | None, Any] = {}
        self._wire: Wire | None = None
        self.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")

    def __repr__(self) -> str:
        return f"<Service {self.name}>"

    def close(self) -> None:
        """Leave nothing open."""
        self._hang_up()
        for connection in self._connections.values():
            connection.close()

    # --- HTTP

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | list[bytes] | None = None,
        content_type: str | None = JSON,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request on a connection that is kept. A list of bytes is sent in chunks.

        A connection that is dropped without an answer raises.
        """
        sent = {"Accept": "*/*"} | dict(headers or {})
        if body is not None and content_type is not None:
            sent["Content-Type"] = content_type
        if isinstance(body, list):
            sent["Transfer-Encoding"] = "chunked"
            body = in_chunks(b"".join(body), size=len(body[0]))
        elif body is not None:
            sent["Content-Length"] = str(len(body))
        try:
            answer = self._connected().ask(method, path, tuple(sent.items()), body or b"")
        except BaseException:
            self._hang_up()
            raise
        # After a failure a server may end the connection without having said so.
        if answer.status >= 500 or answer.headers.get("connection", "").lower() == "close":
            self._hang_up()
        return answer

    def _connected(self) -> Wire:
        """The kept connection, or a new one where the server has ended that meanwhile."""
        if self._wire is not None and not self._wire.is_quiet():
            self._hang_up()
        if self._wire is None:
            self._wire = Wire(self.base_url)
        return self._wire

    def _hang_up(self) -> None:
        if self._wire is not None:
            self._wire.close()
            self._wire = None

    def send(self, method: str, path: str, value: object) -> Answer:
        """Send a value as JSON."""
        return self.ask(method, path, encoded(value))

    def create(self, **members: object) -> dict[str, Any]:
        """Create an item that is known to be valid."""
        answer = self.send("POST", "/items/", {"name": "Widget", "price": 9.99} | members)
        assert answer.status == 201, answer
        return answer.json()

    def in_parallel(self, requests: Iterable[tuple[str, str, bytes | None]]) -> list[Answer]:
        """Send (method, path, body) all at once, each on a connection of its own.

        The answers come in the order of the requests.
        """

        def ask_alone(request: tuple[str, str, bytes | None]) -> Answer:
            method, path, body = request
            headers: tuple[tuple[str, str], ...] = ()
            if body is not None:
                headers = (("Content-Type", JSON), ("Content-Length", str(len(body))))
            with Wire(self.base_url) as wire:
                return wire.ask(method, path, headers, body or b"")

        with ThreadPoolExecutor(max_workers=BURST) as pool:
            return list(pool.map(ask_alone, requests))

    def open_all_connections(self) -> None:
        """Have every server thread open its database connection before something is counted."""
        answers = self.in_parallel([("GET", "/items/", None)] * BURST)
        assert {answer.status for answer in answers} == {200}

    # --- database, as its superuser

    def execute(self, sql: str, *values: object, database: str | None = None) -> list[tuple]:
        """Run a statement and give back its rows. `database` is another one than the service's."""
        connection = self._connections.get(database)
        if connection is None:
            other = {} if database is None else {"dbname": database}
            connection = self.connect(**other)
            self._connections[database] = connection
        with connection.cursor() as cursor:
            cursor.execute(sql, values or None)
            return cursor.fetchall() if cursor.description else []

    def connect(self, **parameters: str) -> Any:
        """A new superuser's connection in autocommit mode."""
        # A service that leaves a transaction open must fail a test, not hang the suite. What this
        # side writes need not survive a crash, and waiting for the disk would double the time.
        connection = psycopg2.connect(
            self._live.dsn,
            passfile=str(self._live.pgpass),
            options="-c lock_timeout=10s -c synchronous_commit=off -c client_encoding=UTF8",
            **parameters,
        )
        connection.autocommit = True
        return connection

    def empty(self) -> None:
        """Make the table empty and its next id 1."""
        # Many times cheaper than TRUNCATE, which makes new files.
        self.execute(
            "DELETE FROM items; SELECT setval(pg_get_serial_sequence('items', 'id'), 1, false)"
        )

    def store(self, *rows: tuple[str, str, float, bool]) -> None:
        """Put items into the table without asking the service."""
        places = ", ".join(["(%s, %s, %s, %s)"] * len(rows))
        self.execute(
            f"INSERT INTO items (name, description, price, in_stock) VALUES {places}",
            *(value for row in rows for value in row),
        )

    def rows(self) -> list[tuple]:
        """All that is stored, ordered by id."""
        return self.execute("SELECT id, name, description, price, in_stock FROM items ORDER BY id")
