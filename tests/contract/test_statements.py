"""What each request costs in the database: its statements, and the table they work on.

Counted by pg_stat_statements for the services' own database user. Beside the counted statements a
request may check its connection (`SELECT 1`), and a new connection may set itself up.
"""

import re
import time

import pytest

from .bodies import VALID
from .service import Service

STORED = ("Stored", "before", 3.5, False)
REPEATS = 10
GIVE_UP_AFTER_S = 20

# The check of a connection, and what drivers and frameworks set on a new one.
UPKEEP = re.compile(
    r"(SELECT \$?1$|SELECT \$?1 AS |SET |SHOW |RESET |SELECT set_config\("
    r"|select pg_catalog\.version|select current_schema|SELECT oid, typarray|SELECT t\.oid)",
    re.IGNORECASE,
)


def statements(service: Service) -> dict[str, int]:
    """Calls of each statement by users other than the one who looks."""
    # A statement is counted when it is over: for some drivers with its transaction, which may end
    # only when the answer is on its way.
    wait_until_idle(service)
    return {
        " ".join(query.split()): calls
        for query, calls in service.execute("""
            SELECT s.query, sum(s.calls)::int FROM pg_stat_statements AS s
            JOIN pg_database AS d ON d.oid = s.dbid
            JOIN pg_roles AS r ON r.oid = s.userid
            WHERE d.datname = current_database() AND NOT r.rolsuper
            GROUP BY s.query
        """)
    }


def count(service: Service, requests: list[tuple[str, str, bytes | None]], status: int):
    """Send the requests one by one. Gives (statements on items, connection checks)."""
    service.execute("SELECT pg_stat_statements_reset()")
    for method, path, body in requests:
        assert service.ask(method, path, body).status == status
    counted = statements(service)
    checks = sum(calls for query, calls in counted.items() if re.match(r"SELECT \$?1", query))
    work = {query: calls for query, calls in counted.items() if not UPKEEP.match(query)}
    return work, checks


def assert_only(work: dict[str, int], verbs: str, low: int, high: int | None = None) -> None:
    """The work is only statements that begin so, and so many of them."""
    assert all(query.upper().startswith(tuple(verbs.split())) for query in work), work
    assert all("items" in query for query in work), work
    assert low <= sum(work.values()) <= (low if high is None else high), work


# --- core: what a framework's usual way asks is part of its price, as long as it has a measure


# With what begins and ends a transaction. An ORM's update reads, writes, and reads again after its
# commit: on a connection that is checked anew, by some drivers in a transaction of its own.
MOST_PER_REQUEST = 12
MOST_CHECKS_PER_REQUEST = 2
TABLES = re.compile(r"\b(?:FROM|INTO|UPDATE|JOIN)\s+\"?([a-z_.]+)", re.IGNORECASE)

OPERATIONS: dict[str, tuple[str, str, bytes | None, int]] = {
    "create": ("POST", "/items/", VALID, 201),
    "read": ("GET", "/items/1", None, 200),
    "update": ("PUT", "/items/1", VALID, 200),
    "list": ("GET", "/items/", None, 200),
    "unknown item": ("GET", "/items/99999", None, 404),
}


def assert_on_items_alone(work: dict[str, int], requests: int) -> None:
    """No statement looks into another table, and they are not many."""
    tables = {name.lower() for query in work for name in TABLES.findall(query)}
    assert {name for name in tables if not name.startswith("pg_")} <= {"items"}, work
    assert sum(work.values()) <= MOST_PER_REQUEST * requests, work


def test_operations_work_on_the_items_alone(service, each):
    """A request asks for nothing but items, and takes a handful of statements at most."""
    for name, (method, path, body, status) in OPERATIONS.items():
        with each(name):
            service.empty()
            service.store(STORED)
            work, checks = count(service, [(method, path, body)] * REPEATS, status)
            assert work
            assert_on_items_alone(work, REPEATS)
            assert checks <= MOST_CHECKS_PER_REQUEST * REPEATS
    service.empty()
    service.store(*[STORED] * REPEATS)
    deletes: list[tuple[str, str, bytes | None]] = [
        ("DELETE", f"/items/{number}", None) for number in range(1, REPEATS + 1)
    ]
    work, _ = count(service, deletes, 204)
    assert_on_items_alone(work, REPEATS)


def test_list_takes_no_more_statements_for_more_items(service):
    """A list of 200 items takes as many statements as one of 2: none for each item."""
    service.store(*[STORED] * 200)
    few, many = (
        count(service, [("GET", f"/items/?limit={limit}", None)] * REPEATS, 200)[0]
        for limit in (2, 200)
    )
    selects = [
        sum(calls for query, calls in work.items() if query.upper().startswith("SELECT"))
        for work in (few, many)
    ]
    assert selects[0] == selects[1] >= REPEATS


def test_ping_and_echo_leave_the_database_alone(service):
    """They are there to tell the cost of the framework alone."""
    for method, path, body in (("GET", "/ping", None), ("POST", "/echo", VALID)):
        work, checks = count(service, [(method, path, body)] * REPEATS, 200)
        assert (work, checks) == ({}, 0)


def test_readyz_asks_the_database(service):
    """Readyz runs a real query each time, and does not look at the items."""
    service.execute("SELECT pg_stat_statements_reset()")
    for _ in range(REPEATS):
        assert service.ask("GET", "/readyz").status == 200
    counted = statements(service)
    assert sum(calls for query, calls in counted.items() if query.startswith("SELECT")) >= REPEATS
    assert not any("items" in query for query in counted)


def test_no_connection_is_left_in_a_transaction(service):
    """After requests, good and bad, no connection holds a transaction open.

    A framework may end it only when the answer is on its way.
    """
    service.in_parallel([("POST", "/items/", VALID), ("GET", "/items/9", None)] * 20)
    wait_until_idle(service)


def wait_until_idle(service: Service) -> None:
    """Wait until no connection of the service has a transaction."""
    deadline = time.monotonic() + GIVE_UP_AFTER_S
    while (states := states_of_connections(service)) - {"idle"}:
        assert time.monotonic() < deadline, states
        time.sleep(0.01)


def states_of_connections(service: Service) -> set[str]:
    """What the service's own connections do."""
    found = service.execute(
        "SELECT DISTINCT state FROM pg_stat_activity AS a JOIN pg_roles AS r ON r.oid = a.usesysid"
        " WHERE datname = current_database() AND NOT r.rolsuper AND backend_type = 'client backend'"
    )
    return {state for (state,) in found}


# --- strict: one statement per request


def test_create_is_one_insert(strict_service):
    """A create is one INSERT. Nothing is read back, and there is no transaction around it."""
    work, checks = count(strict_service, [("POST", "/items/", VALID)] * REPEATS, 201)
    assert_only(work, "INSERT", REPEATS)
    assert checks <= REPEATS


def test_read_is_one_select(strict_service):
    """A read is one SELECT."""
    strict_service.create()
    work, checks = count(strict_service, [("GET", "/items/1", None)] * REPEATS, 200)
    assert_only(work, "SELECT", REPEATS)
    assert checks <= REPEATS


def test_list_is_one_select(strict_service):
    """A list is one SELECT, however many items it has."""
    strict_service.execute(
        "INSERT INTO items SELECT n, 'n', '', 1, true FROM generate_series(1, 200) n"
    )
    work, checks = count(strict_service, [("GET", "/items/?limit=200", None)] * REPEATS, 200)
    assert_only(work, "SELECT", REPEATS)
    assert checks <= REPEATS


def test_update_is_at_most_two_statements(strict_service):
    """An update is one UPDATE, or a SELECT and an UPDATE."""
    strict_service.create()
    work, checks = count(strict_service, [("PUT", "/items/1", VALID)] * REPEATS, 200)
    assert_only(work, "UPDATE SELECT", REPEATS, 2 * REPEATS)
    assert sum(calls for query, calls in work.items() if query.startswith("UPDATE")) == REPEATS
    assert checks <= REPEATS


def test_delete_is_at_most_two_statements(strict_service):
    """A delete is one DELETE, or a SELECT and a DELETE."""
    for _ in range(REPEATS):
        strict_service.create()
    requests = [("DELETE", f"/items/{number}", None) for number in range(1, REPEATS + 1)]
    work, checks = count(strict_service, requests, 204)
    assert_only(work, "DELETE SELECT", REPEATS, 2 * REPEATS)
    assert sum(calls for query, calls in work.items() if query.startswith("DELETE")) == REPEATS
    assert checks <= REPEATS


@pytest.mark.parametrize(
    ("method", "body", "status"), [("GET", None, 404), ("PUT", VALID, 404), ("DELETE", None, 404)]
)
def test_unknown_item_is_at_most_two_statements(strict_service, method, body, status):
    """To find that an item is not there takes no more than to work on it."""
    work, _ = count(strict_service, [(method, "/items/5", body)] * REPEATS, status)
    assert_only(work, "SELECT UPDATE DELETE", REPEATS, 2 * REPEATS)


NO_DATABASE: dict[str, tuple[str, str, bytes | None, int]] = {
    "bad item": ("POST", "/items/", b"{}", 422),
    "no JSON": ("PUT", "/items/1", b"{", 400),
    "bad limit": ("GET", "/items/?limit=0", None, 422),
    "no id": ("GET", "/items/x", None, 404),
    "huge id, read": ("GET", f"/items/{2**63}", None, 404),
    "huge id, replaced": ("PUT", f"/items/{10**40}", VALID, 404),
    "huge id, deleted": ("DELETE", f"/items/{2**64}", None, 404),
    "wrong method": ("PATCH", "/items/1", None, 405),
    "unknown path": ("GET", "/nope", None, 404),
}


def test_no_database_without_need(strict_service, each):
    """Requests that are refused before any item matters, and ids that no item can have, leave the
    database alone."""
    for name, (method, path, body, status) in NO_DATABASE.items():
        with each(name):
            work, checks = count(strict_service, [(method, path, body)] * REPEATS, status)
            assert (work, checks) == ({}, 0)


def test_no_transactions_around_statements(strict_service):
    """Every statement commits by itself: BEGIN, COMMIT and ROLLBACK never make a round trip."""
    strict_service.create()
    requests = [
        ("POST", "/items/", VALID),
        ("GET", "/items/1", None),
        ("PUT", "/items/1", VALID),
        ("GET", "/items/", None),
        ("PUT", "/items/999", VALID),
        ("GET", "/readyz", None),
        ("DELETE", "/items/1", None),
    ]
    strict_service.execute("SELECT pg_stat_statements_reset()")
    for request in requests * 2:
        strict_service.ask(*request)
    words = {query.split()[0].upper() for query in statements(strict_service)}
    assert not words & {"BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT", "SAVEPOINT"}


# --- the table


def columns(service: Service) -> list[tuple]:
    """Columns as they are in the standard's own catalogue."""
    return service.execute("""
        SELECT column_name, data_type, character_maximum_length, numeric_precision, is_nullable,
               column_default, is_identity, identity_generation, is_generated, collation_name
        FROM information_schema.columns
        WHERE table_schema = 'public' AND table_name = 'items' ORDER BY ordinal_position
    """)


def indexes(service: Service) -> list[tuple]:
    """Indexes of the table, whatever their names are."""
    return service.execute("""
        SELECT regexp_replace(indexdef, 'INDEX \\S+ ON', 'INDEX ON') FROM pg_indexes
        WHERE schemaname = 'public' AND tablename = 'items'
    """)


def constraints(service: Service) -> list[tuple]:
    """Constraints of the table, and nothing that runs beside a statement."""
    return service.execute("""
        SELECT contype::text, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE conrelid = 'items'::regclass AND contype <> 'n'
        UNION ALL SELECT 'trigger', tgname FROM pg_trigger WHERE tgrelid = 'items'::regclass
        UNION ALL SELECT 'option', unnest(reloptions) FROM pg_class WHERE oid = 'items'::regclass
    """)


def test_table_is_the_one_of_the_contract(service):
    """Columns, types, nullability, identity and indexes are exactly what all targets share."""
    plain = (None, "NEVER", None)
    assert columns(service) == [
        ("id", "bigint", None, 64, "NO", None, "YES", "BY DEFAULT", "NEVER", None),
        ("name", "character varying", 100, None, "NO", None, "NO", *plain),
        ("description", "character varying", 1000, None, "NO", None, "NO", *plain),
        ("price", "double precision", None, 53, "NO", None, "NO", *plain),
        ("in_stock", "boolean", None, None, "NO", None, "NO", *plain),
    ]
    assert indexes(service) == [("CREATE UNIQUE INDEX ON public.items USING btree (id)",)]
    assert constraints(service) == [("p", "PRIMARY KEY (id)")]
