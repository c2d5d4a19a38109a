"""Paths, methods and ids."""

import platform
from importlib.metadata import version

import pytest

from bench.targets import known_targets

from .answer import JSON, assert_item
from .bodies import VALID
from .problem import (
    PROBLEM,
    assert_client_problem,
    assert_exact_problem,
    assert_no_fault,
    assert_problem,
)
from .routes import LEFT_TO_FRAMEWORKS, READABLE, REFUSED, RESOURCES, ROUTES
from .wire import Wire

WIDGET_1 = ("Widget", "A small widget", 9.99, True)
STORED_WIDGET = {
    "id": 1,
    "name": "Widget",
    "description": "A small widget",
    "price": 9.99,
    "in_stock": True,
}
UNKNOWN_PATHS = ("/item/", "/items/1/2", "/ping/1", "/favicon.ico", "/nope?limit=1")
# Known to no target of the strict level. Elsewhere a framework may have something of its own there,
# or lead to what was meant.
UNKNOWN_TO_STRICT_ONES = (
    *UNKNOWN_PATHS,
    "/",
    "/items.json",
    "/Items/",
    "/items/1//",
    "/items//1",
    "/items//",
    "/echo/",
    "/ping/",
    "/readyz/",
    "/nope",
    "/%ff",
    "/%00",
)
DOUBLED_SLASHES = ("//items/", "//items", "///items/1", "//ping", "//")
NO_IDS = ("abc", "-1", "1.0", "1e0", "0x1", "1a", "null", "1,2", "None", "%00", "1%00", "%ff")
# What some parser takes for a number, but is not ASCII digits.
NEARLY_IDS = (
    "+1",
    "1_0",
    "%201",
    "1%20",
    "1%0A",
    "%D9%A1",  # an Arabic one
    "%EF%BC%91",  # a fullwidth one
    "%C2%B9",  # a superscript one
    "%E2%91%A0",  # a one in a circle
    "1;2",
    "1.json",
)
UNKNOWN_IDS = (
    "0",
    "2",
    "99999",
    str(2**31),
    str(2**32 + 1),  # 1, when cut to 32 bits
    str(2**63 - 1),
    str(2**63),
    str(2**64),
    str(2**64 + 1),  # 1, when cut to 64 bits
)
LONG_IDS = (
    "9" * 400,
    "9" * 4_000,
    "9" * 5_000,  # more digits than Python turns into an int
)


def body_for(method: str) -> bytes | None:
    """A valid body where one is expected."""
    return VALID if method in {"POST", "PUT", "PATCH"} else None


def test_routes_answer_directly(core_service, each):
    """Each row of the contract succeeds in both forms of its path, without a redirect."""
    for method, path, status in ROUTES:
        if method in LEFT_TO_FRAMEWORKS:
            continue
        with each(f"{method} {path}"):
            core_service.empty()
            core_service.store(WIDGET_1)
            answer = core_service.ask(method, path, body_for(method))
            assert answer.status == status
            if status == 204:
                assert answer.body == b""
            else:
                assert answer.media_type == JSON


def test_routes_answer_exactly(strict_service, each):
    """HEAD is served as well, and the media type has no parameters."""
    for method, path, status in ROUTES:
        with each(f"{method} {path}"):
            strict_service.empty()
            strict_service.store(WIDGET_1)
            answer = strict_service.ask(method, path, body_for(method))
            assert answer.status == status
            if status == 204:
                assert (answer.body, answer.content_type) == (b"", None)
            else:
                assert answer.content_type == JSON
            if method == "HEAD":
                assert answer.body == b""


ACCEPTED = ("text/html", "application/xml;q=0.9", "image/*", "nonsense", "", "*/*;q=0")


def test_accept_is_ignored(strict_service, each):
    """An Accept header changes neither the status nor the media type."""
    for accept in ACCEPTED:
        strict_service.empty()
        strict_service.store(WIDGET_1)
        for resource in RESOURCES:
            for method, status in resource.success.items():
                with each(f"{method} {resource.template} {accept}"):
                    answer = strict_service.ask(
                        method, resource.paths[0], body_for(method), headers={"Accept": accept}
                    )
                    assert answer.status == status
                    assert answer.content_type == (None if status == 204 else JSON)


def test_accept_does_no_harm(core_service, each):
    """A client that does not accept JSON gets it all the same, or is refused with a problem."""
    core_service.store(WIDGET_1)
    for accept in ACCEPTED:
        with each(accept):
            answer = core_service.ask("GET", "/items/1", headers={"Accept": accept})
            if answer.status == 200:
                assert_item(answer.json(), STORED_WIDGET)
            else:
                assert_client_problem(answer)


def test_create_read_replace_delete(service):
    """An item lives through its four operations as one sent it."""
    created = service.send("POST", "/items/", {"name": "A", "price": 10, "description": "d"})
    item = {"id": 1, "name": "A", "description": "d", "price": 10.0, "in_stock": True}
    assert created.status == 201
    assert_item(created.json(), item)
    assert service.rows() == [tuple(item.values())]
    assert_item(service.ask("GET", "/items/1").json(), item)

    replaced = service.send("PUT", "/items/1", {"name": "B", "price": 0.5, "in_stock": False})
    item = {"id": 1, "name": "B", "description": "", "price": 0.5, "in_stock": False}
    assert replaced.status == 200
    assert_item(replaced.json(), item)
    assert service.rows() == [tuple(item.values())]
    assert_item(service.ask("GET", "/items/1").json(), item)

    assert service.ask("DELETE", "/items/1").status == 204
    assert service.rows() == []
    for method in ("GET", "DELETE"):
        assert_problem(service.ask(method, "/items/1"), 404)
    assert_problem(service.ask("PUT", "/items/1", VALID), 404)
    assert service.rows() == []


def test_put_replaces_the_whole_item(service):
    """What a PUT leaves out gets its default, not its former value."""
    service.store(("Old", "old", 5.0, False))
    answer = service.send("PUT", "/items/1", {"name": "New", "price": 1})
    item = {"id": 1, "name": "New", "description": "", "price": 1.0, "in_stock": True}
    assert_item(answer.json(), item)
    assert service.rows() == [(1, "New", "", 1.0, True)]


def test_put_of_the_same_is_answered(service):
    """A PUT that changes nothing is a PUT."""
    service.store(WIDGET_1)
    for _ in range(2):
        answer = service.ask("PUT", "/items/1", VALID)
        assert answer.status == 200
        assert_item(answer.json(), STORED_WIDGET)
    assert service.rows() == [(1, *WIDGET_1)]


def test_put_never_changes_the_id(service):
    """An id in the body is ignored, and no other item is touched."""
    service.store(WIDGET_1, ("Other", "", 1.0, True))
    answer = service.send("PUT", "/items/1", {"id": 2, "name": "New", "price": 1})
    assert answer.json()["id"] == 1
    assert service.rows() == [(1, "New", "", 1.0, True), (2, "Other", "", 1.0, True)]


def test_put_never_creates(service):
    """A PUT of an id that is not there is 404 and stores nothing."""
    assert_problem(service.ask("PUT", "/items/7", VALID), 404)
    assert service.rows() == []


def test_post_ignores_an_id(service):
    """The database gives the id, whatever the body says."""
    service.store(WIDGET_1)
    assert service.create(id=1)["id"] == 2
    assert service.create(id=None)["id"] == 3


def test_delete_takes_one_item(service):
    """DELETE leaves all other items alone."""
    service.store(WIDGET_1, WIDGET_1, WIDGET_1)
    answer = service.ask("DELETE", "/items/2")
    assert (answer.status, answer.body) == (204, b"")
    assert [row[0] for row in service.rows()] == [1, 3]


def test_bodies_are_ignored_where_none_is_expected(strict_service):
    """A GET or a DELETE with a body is a GET or a DELETE."""
    strict_service.store(WIDGET_1)
    answer = strict_service.ask("GET", "/items/1", b"{", "text/plain")
    assert answer.json() == STORED_WIDGET
    assert strict_service.ask("DELETE", "/items/1", b"{", "text/plain").status == 204


def test_bodies_do_no_harm_where_none_is_expected(core_service):
    """A GET or a DELETE with a broken body is answered as without it, or refused."""
    core_service.store(WIDGET_1)
    for content_type in ("text/plain", JSON):
        answer = core_service.ask("GET", "/items/1", b"{", content_type)
        if answer.status == 200:
            assert_item(answer.json(), STORED_WIDGET)
        else:
            assert_client_problem(answer)
        assert_no_fault(core_service.ask("DELETE", "/items/1", b"{", content_type))
        assert core_service.ask("GET", "/ping").status == 200


def test_echo_stores_nothing(service):
    """Echo validates, fills in the defaults, and leaves the table alone."""
    answer = service.send("POST", "/echo", {"name": "n", "price": 10, "id": 5})
    assert answer.status == 200
    item = {"name": "n", "description": "", "price": 10.0, "in_stock": True}
    assert_item(answer.json(), item)
    assert service.rows() == []


def test_ping(core_service):
    """Ping says that it is alive."""
    answer = core_service.ask("GET", "/ping")
    assert (answer.status, answer.media_type, answer.json()) == (200, JSON, {"status": "ok"})


def test_ping_is_equal_to_the_byte(strict_service):
    """Ping is compact JSON."""
    assert strict_service.ask("GET", "/ping").body == b'{"status":"ok"}'


# --- methods


def test_other_methods_are_refused(core_service, each):
    """A method that a resource does not know is 405, and Allow names none that it does not know."""
    core_service.store(WIDGET_1)
    for method, path, allowed in REFUSED:
        if method in LEFT_TO_FRAMEWORKS:
            continue
        with each(f"{method} {path}"):
            answer = core_service.ask(method, path, body_for(method))
            assert_problem(answer, 405)
            names = {name.strip() for name in answer.headers["allow"].split(",")}
            assert names & allowed
            assert names <= allowed | LEFT_TO_FRAMEWORKS
    assert core_service.rows() == [(1, *WIDGET_1)]


def test_other_methods_are_refused_exactly(strict_service, each):
    """OPTIONS and TRACE are refused like any other, and Allow lists exactly what a path knows."""
    strict_service.store(WIDGET_1)
    for method, path, allowed in REFUSED:
        with each(f"{method} {path}"):
            answer = strict_service.ask(method, path, body_for(method))
            names = [name.strip() for name in answer.headers["allow"].split(",")]
            assert sorted(names) == sorted(allowed)
            if method == "HEAD":
                assert (answer.status, answer.body, answer.media_type) == (405, b"", PROBLEM)
            else:
                assert_exact_problem(answer, 405)
    assert strict_service.rows() == [(1, *WIDGET_1)]


def test_methods_left_to_frameworks_do_no_harm(service, each):
    """HEAD, OPTIONS and TRACE fail nowhere, change nothing, and keep the connection in step."""
    service.store(WIDGET_1)
    for resource in RESOURCES:
        for path in (*resource.paths, "/nope", "/items/5"):
            for method in sorted(LEFT_TO_FRAMEWORKS):
                with each(f"{method} {path}"):
                    answer = service.ask(method, path)
                    assert_no_fault(answer)
                    if method == "HEAD":
                        assert answer.body == b""
                    # A body too many would be taken for the next answer here.
                    assert service.ask("GET", "/ping").json() == {"status": "ok"}
    assert service.rows() == [(1, *WIDGET_1)]


def test_preflight_is_refused(strict_service, each):
    """A browser's preflight gets the same 405 as any OPTIONS."""
    headers = {"Origin": "http://example.org", "Access-Control-Request-Method": "POST"}
    for path in [path for resource in RESOURCES for path in resource.paths]:
        with each(path):
            assert_exact_problem(strict_service.ask("OPTIONS", path, headers=headers), 405)


def test_head_is_get_without_a_body(strict_service, each):
    """HEAD has the status and media type of GET, no body, and leaves the connection in step."""
    strict_service.store(WIDGET_1)
    for path, resource in READABLE:
        with each(path), Wire(strict_service.base_url) as wire:
            get = wire.ask("GET", path)
            head = wire.ask("HEAD", path)
            assert head.status == get.status == resource.success["HEAD"]
            assert head.content_type == get.content_type
            assert head.body == b""
            assert head.headers.get("content-length") in {None, str(len(get.body))}
            # A body after the head would be taken for the next answer here.
            assert wire.ask("GET", path).body == get.body


@pytest.mark.parametrize("path", ["/items/5", "/items/x", "/items?limit=0", "/nope"])
def test_head_of_a_fault_is_get_without_a_body(strict_service, path):
    """HEAD has the status and media type of a failing GET as well."""
    with Wire(strict_service.base_url) as wire:
        get = wire.ask("GET", path)
        head = wire.ask("HEAD", path)
        assert (head.status, head.content_type) == (get.status, get.content_type)
        assert get.content_type == PROBLEM
        assert head.body == b""
        assert wire.ask("GET", "/ping").status == 200


# --- paths


def test_unknown_paths(core_service, each):
    """An unknown path is a 404 problem, also before 405 and 415."""
    core_service.store(WIDGET_1)
    for path in UNKNOWN_PATHS:
        for method in ("GET", "POST", "PATCH"):
            with each(f"{method} {path}"):
                body = b"x" if method == "POST" else None
                assert_problem(core_service.ask(method, path, body, "text/plain"), 404)
    assert core_service.rows() == [(1, *WIDGET_1)]


def test_unknown_paths_are_refused_exactly(strict_service, each):
    """Nothing is redirected, and the framework has no page of its own where nobody expects one."""
    strict_service.store(WIDGET_1)
    for path in UNKNOWN_TO_STRICT_ONES:
        for method in ("GET", "POST", "PATCH", "OPTIONS"):
            with each(f"{method} {path}"):
                body = b"x" if method == "POST" else None
                answer = strict_service.ask(method, path, body, "text/plain")
                assert_exact_problem(answer, 404)
    for path in DOUBLED_SLASHES:
        for method in ("GET", "PATCH"):
            with each(f"{method} {path}"):
                assert_exact_problem(strict_service.ask(method, path), 404)
    assert strict_service.rows() == [(1, *WIDGET_1)]


def test_nearly_known_paths_do_no_harm(core_service, each):
    """A path that is nearly one of the contract leads where it seems to, or nowhere."""
    core_service.store(WIDGET_1)
    for path in (*UNKNOWN_TO_STRICT_ONES, *DOUBLED_SLASHES):
        for method in ("GET", "PATCH", "OPTIONS"):
            with each(f"{method} {path}"):
                assert_no_fault(core_service.ask(method, path))
    assert core_service.rows() == [(1, *WIDGET_1)]


# --- headers


ON_EVERY_ANSWER = {"server", "date"}
ON_A_BODY = {"content-type", "content-length"}


def test_headers_are_few(strict_service, each):
    """An answer has no header that its client does not need: each costs time in every request."""
    for method, path, status in ROUTES:
        with each(f"{method} {path}"):
            strict_service.empty()
            strict_service.store(WIDGET_1)
            answer = strict_service.ask(method, path, body_for(method))
            expected = ON_EVERY_ANSWER if status == 204 else ON_EVERY_ANSWER | ON_A_BODY
            # WSGI servers say that they keep the connection, though HTTP/1.1 takes it for granted.
            assert set(answer.headers) - {"connection"} == expected
            assert answer.headers.get("connection", "keep-alive") == "keep-alive"
            if method != "HEAD" and status != 204:
                assert answer.headers["content-length"] == str(len(answer.body))


def test_headers_of_problems_are_few(strict_service):
    """A problem has the same headers, and Allow where HTTP demands it."""
    for method, path, body, more in (
        ("GET", "/items/1", None, set()),
        ("GET", "/nope", None, set()),
        ("PATCH", "/items/", None, {"allow"}),
        ("POST", "/echo", b"{", set()),
        ("POST", "/echo", b"{}", set()),
    ):
        answer = strict_service.ask(method, path, body)
        assert set(answer.headers) - {"connection"} == ON_EVERY_ANSWER | ON_A_BODY | more
        assert answer.content_type == PROBLEM


# --- ids


def test_id_that_is_no_number(core_service, each):
    """What is no number is 404, and touches no item."""
    core_service.store(WIDGET_1)
    for text in NO_IDS:
        with each(text):
            for path in (f"/items/{text}", f"/items/{text}/"):
                assert_problem(core_service.ask("GET", path), 404)
                assert_problem(core_service.ask("DELETE", path), 404)
                assert_problem(core_service.ask("PUT", path, VALID), 404)
    assert core_service.rows() == [(1, *WIDGET_1)]


def test_id_is_ascii_digits(strict_service, each):
    """An id that is not ASCII digits is 404, whatever the method and the body."""
    strict_service.store(WIDGET_1)
    for text in (*NO_IDS, *NEARLY_IDS):
        with each(text):
            for slash in ("", "/"):
                path = f"/items/{text}{slash}"
                for method in ("GET", "DELETE", "PATCH", "POST", "TRACE"):
                    assert_exact_problem(strict_service.ask(method, path), 404)
                assert_exact_problem(strict_service.ask("PUT", path, VALID), 404)
                assert_exact_problem(strict_service.ask("PUT", path, b"{", "text/plain"), 404)
    assert strict_service.rows() == [(1, *WIDGET_1)]


def test_id_that_is_nearly_a_number(core_service, each):
    """What a parser may take for a number is 404, or the one item that is meant."""
    core_service.store(WIDGET_1)
    for text in NEARLY_IDS:
        with each(text):
            for slash in ("", "/"):
                answer = core_service.ask("GET", f"/items/{text}{slash}")
                if answer.status == 200:
                    assert_item(answer.json(), STORED_WIDGET)
                else:
                    assert_client_problem(answer)


def test_unknown_ids(core_service, each):
    """An id that no item has is 404, however large it is."""
    core_service.store(WIDGET_1)
    for text in UNKNOWN_IDS:
        with each(text):
            for slash in ("", "/"):
                assert_problem(core_service.ask("GET", f"/items/{text}{slash}"), 404)
                assert_problem(core_service.ask("DELETE", f"/items/{text}{slash}"), 404)
                assert_problem(core_service.ask("PUT", f"/items/{text}{slash}", VALID), 404)
                assert_problem(core_service.ask("PATCH", f"/items/{text}{slash}"), 405)
    assert core_service.rows() == [(1, *WIDGET_1)]


def test_unknown_ids_after_the_body(strict_service, each):
    """However many digits an id has, it is looked at once the body is valid."""
    strict_service.store(WIDGET_1)
    for text in (*UNKNOWN_IDS, *LONG_IDS):
        with each(f"{text[:30]} ({len(text)} digits)"):
            for path in (f"/items/{text}", f"/items/{text}/"):
                assert_exact_problem(strict_service.ask("GET", path), 404)
                assert_exact_problem(strict_service.ask("DELETE", path), 404)
                assert_exact_problem(strict_service.ask("PUT", path, VALID), 404)
                assert_exact_problem(strict_service.ask("PUT", path, b"{}"), 422, ["name", "price"])
                assert_exact_problem(strict_service.ask("PATCH", path), 405)
    assert strict_service.rows() == [(1, *WIDGET_1)]


def test_long_ids_do_no_harm(core_service, each):
    """An id of hundreds or thousands of digits is refused."""
    core_service.store(WIDGET_1)
    for text in LONG_IDS:
        with each(f"{len(text)} digits"):
            for method in ("GET", "PUT", "DELETE", "PATCH"):
                answer = core_service.ask(method, f"/items/{text}", body_for(method))
                assert 400 <= answer.status < 500
    assert core_service.rows() == [(1, *WIDGET_1)]


def test_leading_zeros_do_no_harm(service, each):
    """Leading zeros and percent-encoded digits lead to the same item."""
    service.store(WIDGET_1)
    for text in ("1", "01", "0" * 28 + "1", "%31", "0" * 200 + "1"):
        for path in (f"/items/{text}", f"/items/{text}/"):
            with each(path):
                assert_item(service.ask("GET", path).json(), STORED_WIDGET)


def test_large_ids_work(service):
    """Ids beyond 32 bits are ids like any other, up to the last."""
    for number in (2**31, 2**53 + 1, 2**63 - 1):
        service.execute("INSERT INTO items VALUES (%s, 'n', '', 1, true)", number)
        assert service.ask("GET", f"/items/{number}").json()["id"] == number
        assert service.ask("PUT", f"/items/{number}", VALID).json()["id"] == number
        assert service.ask("DELETE", f"/items/{number}").status == 204


# --- the connection


def test_connection_is_kept(service):
    """A connection stays open after successes and after refusals."""
    service.store(WIDGET_1)
    post = (("Content-Type", JSON), ("Content-Length", "1"))
    with Wire(service.base_url) as wire:
        for _ in range(3):
            assert wire.ask("GET", "/items/1").status == 200
            assert wire.ask("GET", "/items/2").status == 404
            assert wire.ask("GET", "/items?limit=0").status == 422
            assert wire.ask("PATCH", "/items/1").status == 405
            assert wire.ask("DELETE", "/items/3").status == 404
            assert wire.ask("POST", "/items/", post, b"{").status == 400
            assert wire.ask("POST", "/echo", post, b"5").status == 422
            assert wire.ask("GET", "/nope").status == 404
        assert wire.ask("DELETE", "/items/1").status == 204
        assert wire.ask("GET", "/ping").status == 200


def test_http_1_0_is_served(service):
    """A client of HTTP/1.0 gets its answer."""
    with Wire(service.base_url) as wire:
        wire.send(b"GET /ping HTTP/1.0\r\n\r\n")
        assert wire.read().json() == {"status": "ok"}


# --- what runs


def test_readyz_reports_what_runs(service):
    """Readyz names Python and each package of service.toml, in the versions that are installed."""
    listed = {target.name: target.packages for target in known_targets()}.get(service.name)
    if listed is None:
        pytest.skip(f"{service.name} is not described here")
    expected = {"python": platform.python_version()} | {name: version(name) for name in listed}
    answer = service.ask("GET", "/readyz")
    assert answer.status == 200
    told = answer.json()
    assert {name: told[name] for name in ("status", "versions")} == {
        "status": "ok",
        "versions": expected,
    }


# What every target has, and what a target has only if its way of working knows such a thing.
ALWAYS_TOLD = {"workers", "access_log", "debug"}
SETTINGS = {
    "workers": 1,
    "server_threads": 20,
    "keepalive_s": 75,
    "access_log": False,
    "debug": False,
    "pool_timeout_s": 60,
    "connection_check": True,
}
# Size and overflow of a pool: SQLAlchemy's, one that knows no overflow, and none at all.
POOLS = {(20, 30), (50, None), (None, None)}
AGES_S = {3600, 600}  # of SQLAlchemy's pool, and of Django's connections
DRIVERS = {"psycopg2", "asyncpg"}


def test_readyz_reports_the_settings_in_force(service):
    """What has to be equal for a comparison is what the running service says of itself."""
    settings = service.ask("GET", "/readyz").json()["settings"]
    age_s = settings.pop("connection_max_age_s", None)
    driver = settings.pop("driver", None)
    pool = settings.pop("pool_size", None), settings.pop("pool_overflow", None)
    assert set(settings) >= ALWAYS_TOLD
    assert settings == {name: SETTINGS[name] for name in settings}
    assert pool in POOLS
    assert age_s is None or age_s in AGES_S
    assert driver is None or driver in DRIVERS
    # Who waits for the database in threads tells how many.
    assert "server_threads" in settings or driver == "asyncpg"
