"""The lab's own SQL, on a real PostgreSQL with a real service in front."""

import json
import os
import stat
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

import psycopg2
import pytest
from psycopg2 import extensions

from bench import dataset
from bench.database.activity import TransactionCounter
from bench.database.admin import Admin
from bench.database.secrets import ensure_secrets
from bench.errors import DatabaseFailed, TargetUnfit, UnitFailed
from bench.experiment.lab import Lab, app_unit_name
from bench.experiment.verify import verify
from bench.model import Target
from bench.targets import known_targets

ENOUGH_S = 60
"""For a database that does answer, on a machine that is busy otherwise."""


# One target of each framework: what is tried is the lab's SQL, on each framework's own server.
NAMES = [known.name for known in known_targets() if known.name == known.framework]


@pytest.fixture(params=NAMES)
def target(request: pytest.FixtureRequest, lab: Lab) -> Target:
    (target,) = [candidate for candidate in lab.targets if candidate.name == request.param]
    lab.start((target,), outlive=False)
    return target


@pytest.fixture
def admin(lab: Lab, target: Target) -> Iterator[Admin]:
    with lab.admin(target) as opened:
        yield opened


def get(lab: Lab, target: Target, path: str) -> object:
    with urllib.request.urlopen(lab.base_url(target) + path) as answer:
        return json.load(answer)


def test_loaded_rows_are_the_data_set(lab: Lab, target: Target, admin: Admin) -> None:
    """After load_rows the service serves exactly the rows that the generator expects."""
    admin.load_rows(300)
    for item_id in (1, 299, 300):
        assert get(lab, target, f"/items/{item_id}") == {"id": item_id, **dataset.row(item_id)}
        assert admin.fetch_item(item_id) == {"id": item_id, **dataset.row(item_id)}
    assert admin.fetch_item(301) is None


def test_every_cell_starts_from_the_same_state(admin: Admin) -> None:
    """Loading again forgets what was there, the next id and the statistics included."""
    admin.load_rows(10)
    admin.load_rows(5)
    assert admin.fetch_item(6) is None
    assert admin.totals().statements == {}


def create(lab: Lab, target: Target) -> int:
    """Create an item; its id."""
    body = json.dumps(dataset.CRUD_ITEM).encode()
    request = urllib.request.Request(
        lab.base_url(target) + "/items/", body, {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["id"]


def test_new_ids_follow_the_loaded_rows(lab: Lab, target: Target, admin: Admin) -> None:
    """The first created item gets the id after the last loaded row; without rows, 1."""
    for rows in (7, 0):
        admin.load_rows(rows)
        assert create(lab, target) == rows + 1


class CutShort:
    """A connection, and its cursor, that is interrupted after `left` statements."""

    def __init__(self, connection: psycopg2.extensions.connection, left: int) -> None:
        self._cursor = connection.cursor()
        self._left = left

    def cursor(self) -> "CutShort":
        return self

    def __enter__(self) -> "CutShort":
        return self

    def __exit__(self, *_: object) -> None:
        self._cursor.close()

    def _count(self) -> None:
        if not self._left:
            raise KeyboardInterrupt
        self._left -= 1

    @property
    def rowcount(self) -> int:
        return self._cursor.rowcount

    def execute(self, *statement: object) -> None:
        self._count()
        self._cursor.execute(*statement)

    def copy_expert(self, *copy: object) -> None:
        self._count()
        self._cursor.copy_expert(*copy)


def test_loading_that_was_cut_short_leaves_a_table_that_works(
    lab: Lab, target: Target, admin: Admin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever a lab is killed while it loads rows, the service can create items afterwards."""
    connection = admin._items()
    for statements in range(6):
        admin.load_rows(0)
        with monkeypatch.context() as patch:
            cut = CutShort(connection, statements)
            patch.setattr(admin, "_items", lambda cut=cut: cut)
            with pytest.raises(KeyboardInterrupt):
                admin.load_rows(50)
        assert create(lab, target) > 0


def test_a_data_set_that_was_not_taken_whole_is_refused(admin: Admin) -> None:
    """All targets start from the same rows, or not at all."""
    connection = admin._items()
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS"
            " 'BEGIN RETURN CASE WHEN NEW.id = 3 THEN NULL ELSE NEW END; END'"
        )
        cursor.execute(
            "CREATE TRIGGER lose BEFORE INSERT ON items FOR EACH ROW EXECUTE FUNCTION lose()"
        )
        try:
            with pytest.raises(DatabaseFailed, match="took 4 rows of 5"):
                admin.load_rows(5)
        finally:
            cursor.execute("DROP FUNCTION lose() CASCADE")
    admin.load_rows(5)


def test_statements_of_a_window_are_counted(lab: Lab, target: Target, admin: Admin) -> None:
    """Ten reads are ten selects of one row, however many there were before."""
    admin.load_rows(20)
    for item_id in range(1, 6):
        get(lab, target, f"/items/{item_id}")
    before = admin.totals()
    for item_id in range(1, 11):
        get(lab, target, f"/items/{item_id}")
    counted = admin.counted_since(before)
    selects = [statement for statement in counted.statements if "items" in statement.query]
    assert sum(statement.calls for statement in selects) == 10
    assert sum(statement.rows for statement in selects) == 10


def test_commits_of_a_window_are_counted(lab: Lab, target: Target, admin: Admin) -> None:
    """Each of seven writes is one transaction, whether the service says COMMIT or not; a read
    changes nothing."""
    admin.load_rows(20)
    before = admin.totals()
    for item_id in range(1, 6):
        get(lab, target, f"/items/{item_id}")
    assert admin.counted_since(before).commits == 0
    body = json.dumps(dataset.CRUD_ITEM).encode()
    for _ in range(7):
        request = urllib.request.Request(
            lab.base_url(target) + "/items/", body, {"Content-Type": "application/json"}
        )
        urllib.request.urlopen(request).close()
    assert admin.counted_since(before).commits == 7


def test_a_window_whose_log_ends_amid_a_record_is_counted(admin: Admin) -> None:
    """A read may write to the log (it prunes a page, say), and nobody waits for the flush of that.
    The log writer then flushes whole pages, and what is on disk ends amid the record."""
    admin.load_rows(20)
    with admin._items().cursor() as cursor:
        # The first time, looking writes too: pages of the catalogue get their hint bits.
        admin.counted_since(admin.totals())
        _mark(cursor, "", flush=True)
        _flushed(cursor)
        before = admin.totals()
        flushed = _flushed(cursor)
        cursor.execute("BEGIN")
        _mark(cursor, "x" * 10_000, flush=False)
        deadline_s = time.monotonic() + 30
        while _flushed(cursor) == flushed:
            assert time.monotonic() < deadline_s, "the log writer writes nothing"
            time.sleep(0.01)
        assert admin.counted_since(before).commits == 0


def _mark(cursor: extensions.cursor, text: str, *, flush: bool) -> None:
    cursor.execute("SELECT pg_logical_emit_message(false, 'test', %s, %s)", (text, flush))


def _flushed(cursor: extensions.cursor) -> object:
    cursor.execute("SELECT pg_current_wal_flush_lsn()")
    return cursor.fetchone()


@pytest.fixture
def sibling(lab: Lab, target: Target) -> Iterator[Target]:
    """Another target of the same framework, whose database is on the same server."""
    name = f"{target.database_name}_sibling"
    other = replace(target, name=f"{target.name}-sibling", database_name=name)
    with lab.admin(other) as admin:
        admin.provision()
        with admin._items().cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS items")
            cursor.execute(
                "CREATE TABLE items (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,"
                " name text, description text, price double precision, in_stock boolean)"
            )
            cursor.execute("ALTER TABLE items OWNER TO testuser")
    yield other
    with lab.admin(target) as admin, admin._items().cursor() as cursor:
        cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


def as_service(lab: Lab, target: Target, statement: str) -> None:
    """What a service's user does in a target's database."""
    connection = psycopg2.connect(lab.dsn(target), passfile=str(lab.secrets.pgpass))
    with connection, connection.cursor() as cursor:
        cursor.execute(statement)
    connection.close()


def test_a_server_is_shared_and_a_database_is_not(
    lab: Lab, target: Target, sibling: Target, admin: Admin
) -> None:
    """Rows, the next id and counted statements of one target are nothing to another of the same
    framework, not even when the other starts anew."""
    with lab.admin(sibling) as other:
        admin.load_rows(30)
        other.load_rows(20)
        before, other_before = admin.totals(), other.totals()
        get(lab, target, "/items/30")
        as_service(lab, sibling, "DELETE FROM items WHERE id < 11")
        theirs = other.counted_since(other_before)
        deleted = [statement for statement in theirs.statements if "items" in statement.query]
        assert [(statement.calls, statement.rows) for statement in deleted] == [(1, 10)]
        assert theirs.commits == 1
        other.load_rows(5)
        assert other.totals().statements == {}
        mine = admin.counted_since(before)
        assert mine.statements
        assert not any("DELETE" in statement.query for statement in mine.statements)
        assert mine.commits == 0
        assert admin.fetch_item(30)
        assert create(lab, target) == 31


LEAST_OF_A_SESSION_BYTES = 200_000
"""Private memory of a session that has run a query: 0.5 MB and more, less where much is shared."""


def test_what_siblings_sessions_use_is_not_the_target_s(
    lab: Lab, target: Target, sibling: Target
) -> None:
    """Memory and context switches of a server that is shared, as if the others were not there."""
    _, server = lab.unit_names(target)
    with ExitStack() as stack:
        memory, usage = lab.memory(target, server), lab.usage(target, server)
        sessions = [
            stack.enter_context(
                closing(psycopg2.connect(lab.dsn(sibling), passfile=str(lab.secrets.pgpass)))
            )
            for _ in range(20)
        ]
        for session in sessions:
            session.autocommit = True
            with session.cursor() as cursor:
                for _ in range(50):
                    cursor.execute("SELECT count(*) FROM items")
        after, after_usage = lab.memory(target, server), lab.usage(target, server)
        everything = lab.supervisor.memory(server)
    assert memory
    assert after
    assert everything
    theirs = everything.uss_bytes - after.uss_bytes
    assert theirs > 20 * LEAST_OF_A_SESSION_BYTES
    # The server's own processes may end meanwhile, as its idle workers do: less is no matter.
    assert after.pss_bytes - memory.pss_bytes < theirs / 2
    # Each of the 1,000 queries lets a session wait once.
    assert after_usage.switches_since(usage)[0] < 1_000 / 2


def test_effective_settings_are_read_from_the_server(lab: Lab, admin: Admin) -> None:
    """What is recorded is what runs."""
    settings = admin.settings()
    assert settings["server_version"] == lab.binaries.version
    assert settings["fsync"] == "on"
    assert settings["autovacuum"] == "off"
    assert settings["password_encryption"] == "scram-sha-256"


def test_what_is_set_for_the_services_sessions_is_seen_and_named_where_it_stops_a_start(
    lab: Lab, target: Target, admin: Admin
) -> None:
    """The lab's own session has none of it."""
    name = target.database_name
    before = admin.settings()
    session = psycopg2.connect(
        host="127.0.0.1",
        port=target.database_port,
        dbname=name,
        user="postgres",
        passfile=str(lab.secrets.admin_pgpass),
    )
    session.autocommit = True
    with closing(session), session.cursor() as cursor:
        cursor.execute("ALTER ROLE testuser SET statement_timeout = '7s'")
        cursor.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off')
        cursor.execute(f'ALTER ROLE testuser IN DATABASE "{name}" SET search_path = nowhere')
        try:
            assert admin.own_settings() == {
                "search_path of the role in the database": "nowhere",
                "statement_timeout of the role": "7s",
                "synchronous_commit of the database": "off",
            }
            assert admin.settings() == {**before, **admin.own_settings()}
            lab.stop((app_unit_name(target),))
            with pytest.raises(UnitFailed) as caught:
                lab.start((target,), outlive=False)
        finally:
            cursor.execute("ALTER ROLE testuser RESET ALL")
            cursor.execute(f'ALTER DATABASE "{name}" RESET ALL')
            cursor.execute(f'ALTER ROLE testuser IN DATABASE "{name}" RESET ALL')
    assert "search_path of the role in the database is nowhere" in caught.value.remedy
    assert "make clean" in caught.value.remedy
    assert admin.own_settings() == {}
    lab.start((target,), outlive=False)


def test_a_removed_table_is_what_makes_a_service_unfit(
    lab: Lab, target: Target, admin: Admin
) -> None:
    """It is named with what helps, whatever the service answers then."""
    verify(lab.site, target, admin)
    as_service(lab, target, "ALTER TABLE items RENAME TO elsewhere")
    try:
        with pytest.raises(TargetUnfit, match="somebody has removed its table items"):
            verify(lab.site, target, admin)
    finally:
        as_service(lab, target, "ALTER TABLE elsewhere RENAME TO items")
    verify(lab.site, target, admin)


def test_provisioning_again_changes_nothing(lab: Lab, target: Target, admin: Admin) -> None:
    """make up twice is harmless: the service still reaches its database."""
    admin.provision()
    assert get(lab, target, "/readyz")


@pytest.mark.parametrize("name", [known.name for known in known_targets()])
def test_every_target_passes_the_smoke(lab: Lab, name: str) -> None:
    """All services keep the contract, and report the versions they run with."""
    (target,) = (candidate for candidate in lab.targets if candidate.name == name)
    lab.start((target,), outlive=False)
    with lab.admin(target) as admin:
        reported = verify(lab.site, target, admin)
        assert set(reported.versions) == {"python", *target.packages}
        assert reported.settings["workers"] == 1
        assert admin.table()["column id"].startswith("bigint")
        assert "btree (id) unique" in admin.table()["indexes"]


def test_a_service_that_stores_nothing_is_unfit(
    lab: Lab, target: Target, admin: Admin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Good answers without a row in the database do not pass."""
    monkeypatch.setattr(Admin, "fetch_item", lambda self, item_id: None)
    with pytest.raises(TargetUnfit, match="the stored row"):
        verify(lab.site, target, admin)


def test_a_lost_connection_is_told(lab: Lab, target: Target) -> None:
    """A database that ends in the middle is an error with the framework's log named."""
    with lab.admin(target) as admin, lab.admin(target) as killer:
        admin.load_rows(1)
        killer.load_rows(1)
        with killer._items().cursor() as cursor, admin._items().cursor() as own:
            own.execute("SELECT pg_backend_pid()")
            (pid,) = own.fetchone()
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
        with pytest.raises(DatabaseFailed, match="loading the data set") as caught:
            admin.load_rows(1)
    assert f"make logs FRAMEWORK={target.name}" in caught.value.remedy


# --- passwords


def test_secret_files_are_for_their_owner_alone(lab: Lab) -> None:
    """0600, in a folder of the caller's through which others pass to theirs, and no more."""
    folder = lab.secrets.directory
    assert stat.S_IMODE(folder.stat().st_mode) == 0o711
    assert folder.stat().st_uid == os.geteuid()
    files = list(folder.iterdir())
    assert len(files) == 4
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_passwords_are_kept_and_differ(tmp_path: Path) -> None:
    """Generated once, then kept; no two labs share one."""
    first = ensure_secrets(tmp_path / "a", lambda path, role: None)
    again = ensure_secrets(tmp_path / "a", lambda path, role: None)
    other = ensure_secrets(tmp_path / "b", lambda path, role: None)
    assert first.service_password() == again.service_password()
    assert len(first.service_password()) >= 24
    texts = [path.read_text() for secrets in (first, other) for path in secrets.directory.iterdir()]
    assert len(set(texts)) == len(texts)


def test_the_database_wants_the_password(lab: Lab, target: Target, tmp_path: Path) -> None:
    """Nobody gets in without it: no trust authentication, for no role."""
    wrong = tmp_path / "pgpass"
    wrong.write_text("127.0.0.1:*:*:*:guess\n")
    wrong.chmod(0o600)
    for role in ("testuser", "postgres"):
        with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
            psycopg2.connect(
                host="127.0.0.1",
                port=target.database_port,
                dbname=target.database_name,
                user=role,
                passfile=str(wrong),
            )


def test_no_password_shows_anywhere(lab: Lab, target: Target, admin: Admin) -> None:
    """Not in logs, not on command lines, not in the statistics view."""
    admin.provision()
    password = lab.secrets.service_password()
    superuser = lab.secrets.superuser_password.read_text().strip()
    with admin._items().cursor() as cursor:
        cursor.execute("SELECT string_agg(query, ' ') FROM pg_stat_statements")
        (queries,) = cursor.fetchone()
    logs = "".join(lab.supervisor.log(n) for n in lab.supervisor.names())
    lines = "".join(
        path.read_bytes().decode(errors="replace")
        for path in Path("/proc").glob("[0-9]*/cmdline")
        if path.exists()
    )
    for secret in (password, superuser):
        assert secret not in (queries or "") + logs + lines


def test_transactions_are_those_of_the_service(
    lab: Lab, target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Requests that ask the database are counted; looking is not."""
    monkeypatch.setattr("bench.database.activity.PATIENCE_S", ENOUGH_S)
    activity = TransactionCounter(lab.cluster(target), target, lab.secrets)
    try:
        before = activity.transactions()
        assert before is not None
        deadline_s = time.monotonic() + 60
        # A server adds up its sessions' counts about once a second.
        while (activity.transactions() or 0) < before + 20:
            assert time.monotonic() < deadline_s, "they are not counted"
            get(lab, target, "/items/?limit=1")
    finally:
        activity.close()


def test_a_database_that_does_not_answer_is_not_waited_for(
    lab: Lab, target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A frozen one takes connections and says nothing: unknown at once, known again later."""
    _, database = lab.unit_names(target)
    activity = TransactionCounter(lab.cluster(target), target, lab.secrets)
    try:
        with monkeypatch.context() as patient:
            patient.setattr("bench.database.activity.PATIENCE_S", ENOUGH_S)
            assert activity.transactions() is not None
        lab.supervisor.freeze(database)
        try:
            assert activity.transactions() is None  # the kept connection
            assert activity.transactions() is None  # a new one
        finally:
            lab.supervisor.thaw(database)
        monkeypatch.setattr("bench.database.activity.PATIENCE_S", ENOUGH_S)
        assert activity.transactions() is not None
    finally:
        activity.close()
