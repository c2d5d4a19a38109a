"""How many transactions a database has seen, asked without ever waiting for it.

A database that is frozen takes a connection and does not answer. So nothing here blocks: the
connection is asynchronous, and what has not come in time is not known.
"""

import select
import time
from contextlib import suppress

import psycopg2
from psycopg2.extensions import POLL_OK, POLL_READ, POLL_WRITE, connection

from bench.database.cluster import Cluster
from bench.database.secrets import SUPERUSER, Secrets
from bench.model import Target

PATIENCE_S = 0.5


class TransactionCounter:
    """The transactions of one target's database, through a connection that is kept."""

    def __init__(self, cluster: Cluster, target: Target, secrets: Secrets) -> None:
        self._cluster = cluster
        self._target = target
        self._secrets = secrets
        self._connection: connection | None = None

    def close(self) -> None:
        """Let the connection go, whatever the server says; `transactions` opens another."""
        if self._connection is not None:
            with suppress(psycopg2.Error):
                self._connection.close()
            self._connection = None

    def transactions(self) -> int | None:
        """Commits and rollbacks so far; None when the server does not answer at once, or does not
        know the database.

        The server adds up a busy session's own count about once a second.
        """
        deadline_s = time.monotonic() + PATIENCE_S
        try:
            return self._ask(deadline_s)
        except (psycopg2.Error, TimeoutError):
            self.close()
            return None

    def _ask(self, deadline_s: float) -> int | None:
        if self._connection is None:
            self._connection = self._connect()
            _wait(self._connection, deadline_s)
        cursor = self._connection.cursor()
        cursor.execute(
            "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = %s",
            (self._target.database_name,),
        )
        _wait(self._connection, deadline_s)
        row = cursor.fetchone()
        return int(row[0]) if row else None

    def _connect(self) -> connection:
        opened: connection = psycopg2.connect(
            host=self._cluster.host,
            port=self._cluster.port,
            # Not the service's own database: this look would count as its transactions.
            dbname="postgres",
            user=SUPERUSER,
            passfile=str(self._secrets.admin_pgpass),
            application_name="onecore-watch",
            async_=True,
        )
        return opened


def _wait(opened: connection, deadline_s: float) -> None:
    """Until what was asked is answered. Raises TimeoutError, or psycopg2's errors."""
    while (state := opened.poll()) != POLL_OK:
        left_s = deadline_s - time.monotonic()
        reading = [opened] if state == POLL_READ else []
        writing = [opened] if state == POLL_WRITE else []
        if left_s <= 0 or not any(select.select(reading, writing, [], left_s)):
            raise TimeoutError
