"""What a service says when its database fails, and that it recovers without a restart.

The loss is made from outside: the database refuses connections, and those that exist are ended.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

from .answer import Answer
from .bodies import VALID
from .problem import assert_exact_problem, assert_problem
from .service import Service

DATABASE_ROUTES = (
    ("GET", "/items/", None),
    ("POST", "/items/", VALID),
    ("GET", "/items/1", None),
    ("PUT", "/items/1", VALID),
    ("DELETE", "/items/1", None),
)
GIVE_UP_AFTER_S = 20


def name_of_database(service: Service) -> str:
    """The database of the service, as its superuser sees it."""
    return service.execute("SELECT current_database()")[0][0]


def end_connections(service: Service) -> None:
    """End every connection of the service, and wait until they are gone.

    A server's process closes its socket after it has left the list of those that are there.
    """
    name = name_of_database(service)
    others = (
        "FROM pg_stat_activity AS a JOIN pg_roles AS r ON r.oid = a.usesysid"
        " WHERE datname = %s AND NOT r.rolsuper"
    )
    ended = service.execute(
        f"SELECT a.pid, pg_terminate_backend(a.pid) {others}", name, database="postgres"
    )
    deadline = time.monotonic() + GIVE_UP_AFTER_S
    while service.execute(f"SELECT 1 {others}", name, database="postgres") or any(
        Path(f"/proc/{pid}").exists() for pid, _ in ended
    ):
        assert time.monotonic() < deadline, "connections do not end"
        time.sleep(0.01)


@contextmanager
def database_lost(service: Service) -> Iterator[None]:
    """The database ends its connections and takes no new ones, until the block is left."""
    name = name_of_database(service)

    def allow(allowed: str) -> None:
        service.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS {allowed}', database="postgres")

    allow("false")
    try:
        end_connections(service)
        yield
    finally:
        allow("true")


def assert_failure(answer: Answer) -> None:
    """The answer is a 5xx problem that tells nothing of what is inside."""
    assert answer.status in {500, 503}, (answer.status, answer.body[:500])
    assert_problem(answer, answer.status)


def assert_found_again(service: Service) -> None:
    """All of it works as before, without a restart."""
    assert service.ask("GET", "/readyz").status == 200
    answers = service.in_parallel([("GET", "/items/1", None)] * 60)
    assert {answer.status for answer in answers} == {200}
    assert len(service.rows()) == 1


def test_database_lost_and_found(core_service):
    """Without its database a service is not ready; with it, it works again.

    What needs no database does not notice.
    """
    core_service.create()
    core_service.open_all_connections()
    with database_lost(core_service):
        assert_problem(core_service.ask("GET", "/readyz"), 503)
        for method, path, body in DATABASE_ROUTES:
            assert_failure(core_service.ask(method, path, body))
        assert core_service.ask("GET", "/ping").status == 200
        assert core_service.ask("POST", "/echo", VALID).status == 200
    assert_found_again(core_service)


def test_lost_database_is_503(strict_service):
    """Without its database a service answers 503, and 4xx to what is wrong without looking."""
    strict_service.create()
    strict_service.open_all_connections()
    with database_lost(strict_service):
        for _ in range(2):
            assert_exact_problem(strict_service.ask("GET", "/readyz"), 503)
            for method, path, body in DATABASE_ROUTES:
                assert_exact_problem(strict_service.ask(method, path, body), 503)
        answers = strict_service.in_parallel([("GET", "/items/1", None)] * 40)
        assert {answer.status for answer in answers} == {503}
        assert strict_service.ask("HEAD", "/readyz").status == 503
        assert strict_service.ask("GET", "/ping").status == 200
        assert strict_service.ask("POST", "/echo", VALID).status == 200
        bad = strict_service.ask("POST", "/items/", b"{}")
        assert_exact_problem(bad, 422, ["name", "price"])
        assert_exact_problem(strict_service.ask("GET", "/items/x"), 404)
    assert_found_again(strict_service)


def test_connections_lost_while_idle(service):
    """When idle connections were ended, no request fails: each is checked before it is used.

    An engine has no check: its event loop sees the end of a connection, in the turn after the one
    in which that came. So something that needs no database is asked first.
    """
    service.create()
    service.open_all_connections()
    end_connections(service)
    assert service.ask("GET", "/ping").status == 200
    assert_found_again(service)
    end_connections(service)
    assert service.ask("GET", "/ping").status == 200
    assert service.ask("POST", "/items/", VALID).status == 201


def lose_in_the_middle(service: Service, method: str, path: str, body: bytes | None) -> Answer:
    """The answer to a request whose connection to the database breaks under its statement."""
    answers: list[Answer] = []
    request = Thread(target=lambda: answers.append(service.ask(method, path, body)))
    with service.connect() as blocker:
        blocker.autocommit = False
        blocker.cursor().execute("LOCK TABLE items IN ACCESS EXCLUSIVE MODE")
        request.start()
        deadline = time.monotonic() + GIVE_UP_AFTER_S
        while not service.execute("SELECT 1 FROM pg_locks WHERE NOT granted"):
            assert time.monotonic() < deadline, "the request never reached the table"
            time.sleep(0.01)
        end_connections(service)
        request.join(GIVE_UP_AFTER_S)
        blocker.rollback()
    blocker.close()
    assert answers
    return answers[0]


def test_connection_lost_in_the_middle(core_service, each):
    """When the connection breaks under a running statement, that request fails, the next works."""
    core_service.create()
    for method, path, body in DATABASE_ROUTES[:3]:
        with each(f"{method} {path}"):
            assert_failure(lose_in_the_middle(core_service, method, path, body))
            assert core_service.ask("GET", "/items/1").status == 200


def test_connection_lost_in_the_middle_is_503(strict_service, each):
    """It is told as a loss of the database, and the next request works."""
    strict_service.create()
    for method, path, body in DATABASE_ROUTES:
        with each(f"{method} {path}"):
            answer = lose_in_the_middle(strict_service, method, path, body)
            assert_exact_problem(answer, 503)
            assert strict_service.ask("GET", "/items/1").status == 200
            assert strict_service.ask("GET", "/readyz").status == 200


def test_other_faults_of_the_database_are_500(service):
    """A fault that is no loss of the connection is a 500 problem that tells nothing of itself."""
    service.create()
    service.execute("ALTER TABLE items RENAME TO items_away")
    try:
        for method, path, body in DATABASE_ROUTES:
            assert_problem(service.ask(method, path, body), 500)
        assert service.ask("GET", "/readyz").status == 200
    finally:
        service.execute("ALTER TABLE items_away RENAME TO items")
    assert service.ask("GET", "/items/1").status == 200
