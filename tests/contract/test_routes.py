"""Paths, methods and ids."""

import platform
from importlib.metadata import version

import pytest

from bench.targets import known_targets

from .answer import JSON, encoded
from .bodies import VALID
from .problem import PROBLEM, assert_problem
from .routes import READABLE, REFUSED, RESOURCES, ROUTES
from .wire import Wire

WIDGET_1 = ("Widget", "A small widget", 9.99, True)
STORED_WIDGET = {
    "id": 1,
    "name": "Widget",
    "description": "A small widget",
    "price": 9.99,
    "in_stock": True,
}
UNKNOWN_PATHS = (
    "/",
    "/item/",
    "/items.json",
    "/Items/",
    "/items/1/2",
    "/items/1//",
    "/items//1",
    "/items//",
    "/echo/",
    "/ping/",
    "/readyz/",
    "/ping/1",
    "/favicon.ico",
    "/items/../nope",
    "/nope?limit=1",
    "/%ff",
    "/%00",
)
# What looks like a number to some parser, but is not ASCII digits.
NO_IDS = (
    "abc",
    "-1",
    "+1",
    "1.0",
    "1e0",
    "0x1",
    "1_0",
    "1a",
    "%201",
    "1%20",
    "1%0A",
    "1%00",
    "%D9%A1",  # an Arabic one
    "%EF%BC%91",  # a fullwidth one
    "%C2%B9",  # a superscript one
    "%E2%91%A0",  # a one in a circle
    "%ff",
    "null",
    "1,2",
    "1;2",
    "1.json",
    "None",
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
    "9" * 400,
    "9" * 4_000,
    "9" * 5_000,  # more digits than Python turns into an int
)


@pytest.mark.parametrize(("method", "path", "status"), ROUTES)
def test_route_answers_directly(service, method, path, status):
    """Each row of the contract succeeds in every form of its path, without a redirect."""
    service.store(WIDGET_1)
    answer = service.ask(method, path, VALID if method in {"POST", "PUT"} else None)
    assert answer.status == status
    if status == 204 or method == "HEAD":
        assert answer.body == b""
    if status != 204:
        assert answer.content_type == JSON


@pytest.mark.parametrize(("method", "path"), [(method, path) for method, path, _ in ROUTES])
def test_accept_is_ignored(service, method, path):
    """An Accept header changes neither the status nor the media type."""
    service.store(WIDGET_1)
    for accept in ("text/html", "application/xml;q=0.9", "image/*", "nonsense", "", "*/*;q=0"):
        body = VALID if method in {"POST", "PUT"} else None
        answer = service.ask(method, path, body, headers={"Accept": accept})
        if method == "DELETE":
            assert answer.status in {204, 404}
        else:
            assert answer.status < 300
            assert answer.content_type == JSON


def test_create_read_replace_delete(service):
    """An item lives through its four operations as one sent it."""
    created = service.send("POST", "/items/", {"name": "A", "price": 10, "description": "d"})
    item = {"id": 1, "name": "A", "description": "d", "price": 10.0, "in_stock": True}
    assert created.body == encoded(item)
    assert service.rows() == [tuple(item.values())]
    assert service.ask("GET", "/items/1").body == encoded(item)

    replaced = service.send("PUT", "/items/1", {"name": "B", "price": 0.5, "in_stock": False})
    item = {"id": 1, "name": "B", "description": "", "price": 0.5, "in_stock": False}
    assert replaced.body == encoded(item)
    assert service.rows() == [tuple(item.values())]
    assert service.ask("GET", "/items/1").body == encoded(item)

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
    assert answer.json() == {
        "id": 1, "name": "New", "description": "", "price": 1.0, "in_stock": True
    }  # fmt: skip
    assert service.rows() == [(1, "New", "", 1.0, True)]


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
    assert "content-type" not in answer.headers
    assert [row[0] for row in service.rows()] == [1, 3]


def test_delete_ignores_a_body(service):
    """A DELETE with a body is a DELETE."""
    service.store(WIDGET_1)
    assert service.ask("DELETE", "/items/1", b"{", "text/plain").status == 204


def test_get_ignores_a_body(service):
    """A GET with a body is a GET."""
    service.store(WIDGET_1)
    assert service.ask("GET", "/items/1", b"{", "text/plain").json() == STORED_WIDGET


def test_echo_stores_nothing(service):
    """Echo validates, fills in the defaults, and leaves the table alone."""
    answer = service.send("POST", "/echo", {"name": "n", "price": 10, "id": 5})
    item = {"name": "n", "description": "", "price": 10.0, "in_stock": True}
    assert (answer.status, answer.body) == (200, encoded(item))
    assert service.rows() == []


def test_ping(service):
    """Ping says that it is alive, to the byte."""
    answer = service.ask("GET", "/ping")
    assert (answer.status, answer.content_type, answer.body) == (200, JSON, b'{"status":"ok"}')


@pytest.mark.parametrize(("path", "resource"), READABLE, ids=[path for path, _ in READABLE])
def test_head_is_get_without_a_body(service, path, resource):
    """HEAD has the status and media type of GET, no body, and leaves the connection in step."""
    service.store(WIDGET_1)
    with Wire(service.base_url) as wire:
        get = wire.ask("GET", path)
        head = wire.ask("HEAD", path)
        assert head.status == get.status == resource.success["HEAD"]
        assert head.content_type == get.content_type
        assert head.body == b""
        assert head.headers.get("content-length") in {None, str(len(get.body))}
        # A body after the head would be taken for the next answer here.
        assert wire.ask("GET", path).body == get.body


@pytest.mark.parametrize("path", ["/items/5", "/items/x", "/items?limit=0", "/nope"])
def test_head_of_a_fault_is_get_without_a_body(service, path):
    """HEAD has the status and media type of a failing GET as well."""
    with Wire(service.base_url) as wire:
        get = wire.ask("GET", path)
        head = wire.ask("HEAD", path)
        assert (head.status, head.content_type) == (get.status, get.content_type)
        assert get.content_type == PROBLEM
        assert head.body == b""
        assert wire.ask("GET", "/ping").status == 200


@pytest.mark.parametrize(("method", "path", "allowed"), REFUSED)
def test_other_methods_are_refused(service, method, path, allowed):
    """A method that a resource does not know is 405, and Allow lists exactly what it knows."""
    service.store(WIDGET_1)
    answer = service.ask(method, path, VALID if method in {"POST", "PUT", "PATCH"} else None)
    names = [name.strip() for name in answer.headers["allow"].split(",")]
    assert sorted(names) == sorted(allowed)
    if method == "HEAD":
        assert (answer.status, answer.body, answer.media_type) == (405, b"", PROBLEM)
    else:
        assert_problem(answer, 405)
    assert service.rows() == [(1, *WIDGET_1)]


@pytest.mark.parametrize("path", [path for resource in RESOURCES for path in resource.paths])
def test_preflight_is_refused(service, path):
    """A browser's preflight gets the same 405 as any OPTIONS."""
    headers = {"Origin": "http://example.org", "Access-Control-Request-Method": "POST"}
    assert_problem(service.ask("OPTIONS", path, headers=headers), 405)


@pytest.mark.parametrize("path", UNKNOWN_PATHS)
def test_unknown_paths(service, path):
    """An unknown path is a 404 problem for every method, also before 405 and 415."""
    service.store(WIDGET_1)
    for method in ("GET", "POST", "PATCH", "OPTIONS"):
        body = b"x" if method == "POST" else None
        assert_problem(service.ask(method, path, body, "text/plain"), 404)
    assert service.rows() == [(1, *WIDGET_1)]


@pytest.mark.parametrize("path", ["//items/", "//items", "///items/1", "//ping", "//"])
def test_two_slashes_are_another_path(service, path):
    """A path with a doubled slash in front is unknown, and not redirected."""
    service.store(WIDGET_1)
    with Wire(service.base_url) as wire:
        for method in ("GET", "PATCH"):
            assert_problem(wire.ask(method, path), 404)


ON_EVERY_ANSWER = {"server", "date"}
ON_A_BODY = {"content-type", "content-length"}


@pytest.mark.parametrize(("method", "path", "status"), ROUTES)
def test_headers_are_few(service, method, path, status):
    """An answer has no header that its client does not need: each costs time in every request."""
    service.store(WIDGET_1)
    answer = service.ask(method, path, VALID if method in {"POST", "PUT"} else None)
    expected = ON_EVERY_ANSWER if status == 204 else ON_EVERY_ANSWER | ON_A_BODY
    # WSGI servers say that they keep the connection, though HTTP/1.1 takes it for granted.
    assert set(answer.headers) - {"connection"} == expected
    assert answer.headers.get("connection", "keep-alive") == "keep-alive"
    if method != "HEAD" and status != 204:
        assert answer.headers["content-length"] == str(len(answer.body))


def test_headers_of_problems_are_few(service):
    """A problem has the same headers, and Allow where HTTP demands it."""
    for method, path, body, more in (
        ("GET", "/items/1", None, set()),
        ("GET", "/nope", None, set()),
        ("PATCH", "/items/", None, {"allow"}),
        ("POST", "/echo", b"{", set()),
        ("POST", "/echo", b"{}", set()),
    ):
        answer = service.ask(method, path, body)
        assert set(answer.headers) - {"connection"} == ON_EVERY_ANSWER | ON_A_BODY | more
        assert answer.content_type == PROBLEM


@pytest.mark.parametrize("text", NO_IDS)
def test_id_is_ascii_digits(service, text):
    """An id that is not ASCII digits is 404, whatever the method and the body."""
    service.store(WIDGET_1)
    for slash in ("", "/"):
        path = f"/items/{text}{slash}"
        for method in ("GET", "DELETE", "PATCH", "POST", "TRACE"):
            assert_problem(service.ask(method, path), 404)
        assert_problem(service.ask("PUT", path, VALID), 404)
        assert_problem(service.ask("PUT", path, b"{", "text/plain"), 404)
    assert service.rows() == [(1, *WIDGET_1)]


@pytest.mark.parametrize("text", UNKNOWN_IDS, ids=lambda text: text[:25] + f" ({len(text)} digits)")
def test_unknown_ids(service, text):
    """An id that no item has is 404, however many digits it has, once the body is valid."""
    service.store(WIDGET_1)
    for slash in ("", "/"):
        assert_problem(service.ask("GET", f"/items/{text}{slash}"), 404)
        assert_problem(service.ask("DELETE", f"/items/{text}{slash}"), 404)
        assert_problem(service.ask("PUT", f"/items/{text}{slash}", VALID), 404)
        assert_problem(service.ask("PUT", f"/items/{text}{slash}", b"{}"), 422, ["name", "price"])
        assert_problem(service.ask("PATCH", f"/items/{text}{slash}"), 405)
    assert service.rows() == [(1, *WIDGET_1)]


@pytest.mark.parametrize("text", ["1", "01", "0" * 28 + "1", "%31", "0" * 200 + "1"])
def test_leading_zeros_do_no_harm(service, text):
    """Leading zeros and percent-encoded digits lead to the same item."""
    service.store(WIDGET_1)
    for path in (f"/items/{text}", f"/items/{text}/"):
        assert service.ask("GET", path).json() == STORED_WIDGET


def test_large_ids_work(service):
    """Ids beyond 32 bits are ids like any other, up to the last."""
    for number in (2**31, 2**53 + 1, 2**63 - 1):
        service.execute("INSERT INTO items VALUES (%s, 'n', '', 1, true)", number)
        assert service.ask("GET", f"/items/{number}").json()["id"] == number
        assert service.ask("PUT", f"/items/{number}", VALID).json()["id"] == number
        assert service.ask("DELETE", f"/items/{number}").status == 204


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


def test_readyz_reports_what_runs(service):
    """Readyz names Python and each package of service.toml, in the versions that are installed."""
    (packages,) = [one.packages for one in known_targets() if one.name == service.name]
    expected = {"python": platform.python_version()} | {name: version(name) for name in packages}
    answer = service.ask("GET", "/readyz")
    assert answer.status == 200
    told = answer.json()
    assert {name: told[name] for name in ("status", "versions")} == {
        "status": "ok",
        "versions": expected,
    }


def test_readyz_reports_the_settings_in_force(service):
    """What has to be equal for a comparison is what the running service says of itself."""
    settings = service.ask("GET", "/readyz").json()["settings"]
    age_s = settings.pop("connection_max_age_s")
    pool = {name: settings.pop(name) for name in sorted(settings) if name.startswith("pool_")}
    assert settings == {
        "workers": 1,
        "server_threads": 20,
        "keepalive_s": 75,
        "access_log": False,
        "debug": False,
        "connection_check": True,
    }
    with_pool = {"pool_overflow": 30, "pool_size": 20, "pool_timeout_s": 60}
    assert (age_s, pool) in [(3600, with_pool), (600, {})]
