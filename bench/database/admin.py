"""The lab's own SQL: provisioning, the same start for every cell, and what a window cost.

The targets of a framework share a server. What is done here to one target's database leaves the
others alone, and what is counted is its own.

Everything here runs as superuser on the lab's own connection, outside the measured windows.
"""

import io
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import lru_cache

import psycopg2
from psycopg2 import errors, sql
from psycopg2.extensions import connection, encrypt_password

from bench import dataset
from bench.database.cluster import Cluster
from bench.database.secrets import SERVICE_USER, SUPERUSER, Secrets
from bench.errors import DatabaseFailed
from bench.model import QueryCounts, Statement, Target

TABLE = sql.Identifier("items")
COLUMNS = ("id", "name", "description", "price", "in_stock")
_COLUMN_LIST = sql.SQL(", ").join(map(sql.Identifier, COLUMNS))

# Settings that change what a request costs; read back from the server, not from our own file.
REPORTED_SETTINGS = (
    "server_version", "shared_buffers", "max_connections", "fsync", "synchronous_commit",
    "full_page_writes", "wal_level", "max_wal_size", "checkpoint_timeout", "autovacuum", "jit",
    "work_mem", "effective_cache_size", "password_encryption", "data_checksums",
    "default_transaction_isolation", "track_io_timing", "shared_preload_libraries",
)  # fmt: skip
_THIS_DATABASE = "FROM pg_database WHERE datname = current_database()"


@lru_cache(maxsize=4)
def _copy_text(rows: int) -> str:
    return "".join(dataset.copy_lines(rows))


@contextmanager
def _explained(cluster: Cluster, target: Target, doing: str) -> Iterator[None]:
    try:
        yield
    except psycopg2.Error as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else repr(error)
        raise DatabaseFailed(
            f"{cluster.unit_name} failed while {doing}: {reason}", _remedy(error, target)
        ) from error


def _remedy(error: psycopg2.Error, target: Target) -> str:
    """What helps; for the rest, where there is more to read."""
    if isinstance(error, errors.UndefinedTable):
        return (
            "Somebody has removed its table, and its migrations, which have run, do not make it "
            "again: `make clean`, and all databases are made anew."
        )
    if isinstance(error, errors.QueryCanceled):
        return (
            "Some time limit has ended it: look for statement_timeout or lock_timeout on the role "
            f"or the database (make psql FRAMEWORK={target.name}, \\drds), and reset it."
        )
    if isinstance(error, errors.DiskFull):
        return "The disk of the lab's folder is full: free some space (ONECORE_STATE, .lab)."
    return f"See `make logs FRAMEWORK={target.name}` for its log."


@dataclass(frozen=True)
class Totals:
    """One moment: statements of the service's user by query id, where its mark in the log ends, and
    how many rows its table has.

    Two moments have at least the later mark between them, whole and on disk.
    """

    statements: Mapping[int, Statement]
    wal_end: str
    rows: int


@dataclass(frozen=True)
class StatementTotals:
    """A statement's calls, rows and milliseconds so far."""

    query: str
    calls: int
    rows: int
    planning_ms: float
    execution_ms: float


class Admin:
    """The lab's superuser connection to one target's database."""

    def __init__(self, cluster: Cluster, target: Target, secrets: Secrets) -> None:
        self._cluster = cluster
        self._target = target
        self._secrets = secrets
        self._connection: connection | None = None

    def __enter__(self) -> "Admin":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the session, if there is one: whatever is asked next opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _explained(self, doing: str) -> AbstractContextManager[None]:
        return _explained(self._cluster, self._target, doing)

    def _connect(self, database: str) -> connection:
        opened = psycopg2.connect(
            host=self._cluster.host,
            port=self._cluster.port,
            dbname=database,
            user=SUPERUSER,
            passfile=str(self._secrets.admin_pgpass),
            application_name="onecore-lab",
            connect_timeout=10,
        )
        opened.autocommit = True
        return opened

    def _items(self) -> connection:
        if self._connection is None or self._connection.closed:
            self._connection = self._connect(self._target.database_name)
        return self._connection

    # --- provisioning

    def provision(self) -> None:
        """Make the service's role, database and extension where they are missing."""
        name = self._target.database_name
        with self._explained("making its role and database"):
            server = self._connect("postgres")
            try:
                self._provision_role(server)
                with server.cursor() as cursor:
                    # What a lab that was killed had changed for a while; all else is in the file.
                    cursor.execute("ALTER SYSTEM RESET ALL")
                    cursor.execute("SELECT pg_reload_conf()")
                    cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
                    if cursor.fetchone() is None:
                        create = sql.SQL("CREATE DATABASE {} OWNER {}")
                        cursor.execute(
                            create.format(sql.Identifier(name), sql.Identifier(SERVICE_USER))
                        )
            finally:
                server.close()
            with self._items().cursor() as cursor:
                for extension in ("pg_stat_statements", "pg_walinspect"):
                    cursor.execute(
                        sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(
                            sql.Identifier(extension)
                        )
                    )

    def _provision_role(self, server: connection) -> None:
        with server.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (SERVICE_USER,))
            verb = "CREATE" if cursor.fetchone() is None else "ALTER"
            # Hashed here, so that no log or statistics view of the server ever holds the password.
            verifier = encrypt_password(
                self._secrets.service_password(), SERVICE_USER, server, "scram-sha-256"
            )
            statement = sql.SQL("{} ROLE {} LOGIN PASSWORD {}").format(
                sql.SQL(verb), sql.Identifier(SERVICE_USER), sql.Literal(verifier)
            )
            cursor.execute(statement)

    # --- the same start for every cell

    def load_rows(self, rows: int) -> None:
        """Empty the table, load rows 1..`rows`, ANALYZE, CHECKPOINT, forget statistics.

        Raises DatabaseFailed, also when the table has other rows then.
        """
        with self._explained("loading the data set"), self._items().cursor() as cursor:
            cursor.execute(sql.SQL("TRUNCATE {}").format(TABLE))
            # Before the rows: a lab that is killed in between must not leave rows behind whose ids
            # come again.
            cursor.execute(
                "SELECT setval(pg_get_serial_sequence('items', 'id'), %s, %s)",
                (max(rows, 1), rows > 0),
            )
            copy = sql.SQL("COPY {} ({}) FROM STDIN").format(TABLE, _COLUMN_LIST)
            cursor.copy_expert(copy, io.StringIO(_copy_text(rows)))
            if cursor.rowcount != rows:
                raise DatabaseFailed(
                    f"{self._cluster.unit_name} took {cursor.rowcount} rows of {rows}",
                    "Something beside the lab changes its table: look for triggers and clients.",
                )
            cursor.execute(sql.SQL("VACUUM (ANALYZE) {}").format(TABLE))
            cursor.execute("CHECKPOINT")
            # Of this database alone: on the same server others may be counted.
            cursor.execute("SELECT pg_stat_statements_reset(0, oid, 0) " + _THIS_DATABASE)

    def fetch_item(self, item_id: int) -> dict[str, object] | None:
        """The stored row, for verifying that an answer is true; None when there is none."""
        with self._explained("reading an item"), self._items().cursor() as cursor:
            select = sql.SQL("SELECT {} FROM {} WHERE id = %s").format(_COLUMN_LIST, TABLE)
            cursor.execute(select, (item_id,))
            row = cursor.fetchone()
        return dict(zip(COLUMNS, row, strict=True)) if row else None

    # --- what a window cost

    def totals(self) -> Totals:
        """What the service's user has run so far."""
        with self._explained("reading its counters"), self._items().cursor() as cursor:
            cursor.execute(
                "SELECT s.queryid, min(s.query), sum(s.calls)::bigint, sum(s.rows)::bigint"
                " FROM pg_stat_statements s JOIN pg_roles r ON r.oid = s.userid"
                " JOIN pg_database d ON d.oid = s.dbid"
                " WHERE r.rolname = %s AND d.datname = current_database() GROUP BY s.queryid",
                (SERVICE_USER,),
            )
            rows = cursor.fetchall()
            # A record of our own, flushed: what is on disk at any moment may end amid a record,
            # since the log writer flushes whole pages, and from there no record can be read.
            cursor.execute("SELECT pg_logical_emit_message(false, 'onecore', '', true)")
            ((wal_end,),) = cursor.fetchall()
            cursor.execute(sql.SQL("SELECT count(*) FROM {}").format(TABLE))
            ((count,),) = cursor.fetchall()
        return Totals({row[0]: Statement(row[1], row[2], row[3]) for row in rows}, wal_end, count)

    def counted_since(self, before: Totals) -> QueryCounts:
        """What the service's user has run since `before`, the most frequent first."""
        statements = []
        after = self.totals()
        for key, now in after.statements.items():
            earlier = before.statements.get(key, Statement(now.query, 0, 0))
            if now.calls > earlier.calls:
                statements.append(
                    Statement(now.query, now.calls - earlier.calls, now.rows - earlier.rows)
                )
        return QueryCounts(
            tuple(sorted(statements, key=lambda statement: -statement.calls)),
            self._commits(before.wal_end, after.wal_end),
            after.rows - before.rows,
        )

    def _commits(self, start: str, end: str) -> int:
        """Transactions that have changed something in this database, in a stretch of the log.

        A commit's record does not say in which database it was; the records of what it has changed
        name it (tablespace/database/file). pg_stat_database would count per database, but an idle
        session reports its latest second as much as ten seconds late.
        """
        with self._explained("reading its log"), self._items().cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM (SELECT FROM pg_get_wal_records_info(%s, %s) GROUP BY xid"
                " HAVING bool_or(resource_manager = 'Transaction' AND record_type = 'COMMIT')"
                " AND bool_or(block_ref LIKE"
                " (SELECT '%%/' || oid || '/%%' FROM pg_database"
                " WHERE datname = current_database()))) AS committed",
                (start, end),
            )
            ((commits,),) = cursor.fetchall()
        return int(commits)

    def described(self) -> dict[str, str]:
        """Its table and its effective settings, together."""
        return {**self.table(), **self.settings()}

    # --- what statements take

    def time_planning(self, *, on: bool) -> None:
        """Let the server time how long statements are planned, or no longer.

        It holds for the whole server until it is taken back; `provision` does that as well.
        """
        self._alter_system(sql.SQL("pg_stat_statements.track_planning"), "on" if on else None)

    def log_statements(self, *, on: bool) -> None:
        """Let the server write each statement into its log, or no longer. As `time_planning`."""
        self._alter_system(sql.SQL("log_statement"), "all" if on else None)

    def _alter_system(self, name: sql.SQL, value: str | None) -> None:
        change = sql.SQL("ALTER SYSTEM RESET {}").format(name)
        if value is not None:
            change = sql.SQL("ALTER SYSTEM SET {} = {}").format(name, sql.Literal(value))
        with self._explained("changing a setting"), self._items().cursor() as cursor:
            cursor.execute(change)
            cursor.execute("SELECT pg_reload_conf()")

    def times(self) -> dict[int, StatementTotals]:
        """What the service's user has run so far, and for how long, by query id."""
        with self._explained("reading its counters"), self._items().cursor() as cursor:
            cursor.execute(
                "SELECT s.queryid, min(s.query), sum(s.calls)::bigint, sum(s.rows)::bigint,"
                " sum(s.total_plan_time), sum(s.total_exec_time)"
                " FROM pg_stat_statements s JOIN pg_roles r ON r.oid = s.userid"
                " JOIN pg_database d ON d.oid = s.dbid"
                " WHERE r.rolname = %s AND d.datname = current_database() GROUP BY s.queryid",
                (SERVICE_USER,),
            )
            return {row[0]: StatementTotals(*row[1:]) for row in cursor.fetchall()}

    def session_states(self) -> dict[str, int]:
        """How many of the service's sessions do what now: run, wait for something in the server, or
        have nothing to do.
        """
        with self._explained("looking at its sessions"), self._items().cursor() as cursor:
            cursor.execute(
                "SELECT CASE WHEN state <> 'active' THEN state WHEN wait_event IS NULL"
                " THEN 'running' ELSE wait_event_type || ': ' || wait_event END, count(*)"
                " FROM pg_stat_activity"
                " WHERE usename = %s AND datname = current_database() GROUP BY 1",
                (SERVICE_USER,),
            )
            return {str(state): int(count) for state, count in cursor.fetchall()}

    def plan_of(self, statement: str) -> tuple[str, ...]:
        """How the server carries a statement out, by doing so and taking it back.

        Raises DatabaseFailed when it cannot be explained.
        """
        explain = sql.SQL("EXPLAIN (ANALYZE, BUFFERS) {}").format(sql.SQL(statement))
        with self._explained("explaining a statement"), self._items().cursor() as cursor:
            cursor.execute("BEGIN")
            try:
                cursor.execute(explain)
                return tuple(row[0] for row in cursor.fetchall())
            finally:
                cursor.execute("ROLLBACK")

    def table(self) -> dict[str, str]:
        """The items' columns and indexes, as the running server describes them."""
        with self._explained("reading its table"), self._items().cursor() as cursor:
            cursor.execute(
                "SELECT 'column ' || attname, format_type(atttypid, atttypmod)"
                " || CASE WHEN attnotnull THEN ' not null' ELSE '' END"
                " FROM pg_attribute WHERE attrelid = to_regclass('items')"
                " AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
            )
            columns = cursor.fetchall()
            cursor.execute(
                "SELECT substring(pg_get_indexdef(indexrelid) FROM 'USING .*')"
                " || CASE WHEN indisunique THEN ' unique' ELSE '' END"
                " FROM pg_index WHERE indrelid = to_regclass('items') ORDER BY 1"
            )
            indexes = ", ".join(row[0] for row in cursor.fetchall())
        return {**dict(columns), "indexes": indexes}

    def has_table(self) -> bool:
        """Whether there is a table of items, as the target's migrations make it."""
        with self._explained("looking for its table"), self._items().cursor() as cursor:
            cursor.execute("SELECT to_regclass('items') IS NOT NULL")
            ((there,),) = cursor.fetchall()
        return bool(there)

    def settings(self) -> dict[str, str]:
        """Effective settings, as the running server reports them, and what the service's sessions
        get beside them.
        """
        with self._explained("reading its settings"), self._items().cursor() as cursor:
            cursor.execute(
                "SELECT name, current_setting(name) FROM pg_settings WHERE name = ANY(%s)",
                (list(REPORTED_SETTINGS),),
            )
            return {**dict(cursor.fetchall()), **self.own_settings()}

    def own_settings(self) -> dict[str, str]:
        """What somebody has set for the service's role or database. The lab's own session does not
        have it.
        """
        with self._explained("reading its settings"), self._items().cursor() as cursor:
            cursor.execute(
                "SELECT split_part(setting, '=', 1) || CASE"
                " WHEN setrole = 0 THEN ' of the database' WHEN setdatabase = 0 THEN ' of the role'"
                " ELSE ' of the role in the database' END,"
                " substr(setting, strpos(setting, '=') + 1)"
                " FROM pg_db_role_setting, unnest(setconfig) AS setting WHERE setrole IN"
                " (0, (SELECT oid FROM pg_roles WHERE rolname = %s)) AND setdatabase IN"
                " (0, (SELECT oid FROM pg_database WHERE datname = current_database())) ORDER BY 1",
                (SERVICE_USER,),
            )
            return dict(cursor.fetchall())
