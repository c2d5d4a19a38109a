"""Paths and methods."""

import pytest

from .answer import JSON, assert_item
from .bodies import STORED_WIDGET, VALID, WIDGET_ROW, body_for
from .problem import (
    PROBLEM,
    assert_client_problem,
    assert_exact_problem,
    assert_no_fault,
    assert_problem,
)
from .routes import LEFT_TO_FRAMEWORKS, READABLE, REFUSED, RESOURCES, ROUTES
from .wire import Wire

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


def test_routes_answer_directly(core_service, each):
    """Each row of the contract succeeds in both forms of its path, without a redirect."""
    for method, path, status in ROUTES:
        if method in LEFT_TO_FRAMEWORKS:
            continue
        with each(f"{method} {path}"):
            core_service.empty()
            core_service.store(WIDGET_ROW)
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
            strict_service.store(WIDGET_ROW)
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
        strict_service.store(WIDGET_ROW)
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
    core_service.store(WIDGET_ROW)
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
    service.store(WIDGET_ROW)
    for _ in range(2):
        answer = service.ask("PUT", "/items/1", VALID)
        assert answer.status == 200
        assert_item(answer.json(), STORED_WIDGET)
    assert service.rows() == [(1, *WIDGET_ROW)]


def test_put_never_changes_the_id(service):
    """An id in the body is ignored, and no other item is touched."""
    service.store(WIDGET_ROW, ("Other", "", 1.0, True))
    answer = service.send("PUT", "/items/1", {"id": 2, "name": "New", "price": 1})
    assert answer.json()["id"] == 1
    assert service.rows() == [(1, "New", "", 1.0, True), (2, "Other", "", 1.0, True)]


def test_put_never_creates(service):
    """A PUT of an id that is not there is 404 and stores nothing."""
    assert_problem(service.ask("PUT", "/items/7", VALID), 404)
    assert service.rows() == []


def test_post_ignores_an_id(service):
    """The database gives the id, whatever the body says."""
    service.store(WIDGET_ROW)
    assert service.create(id=1)["id"] == 2
    assert service.create(id=None)["id"] == 3


def test_delete_takes_one_item(service):
    """DELETE leaves all other items alone."""
    service.store(WIDGET_ROW, WIDGET_ROW, WIDGET_ROW)
    answer = service.ask("DELETE", "/items/2")
    assert (answer.status, answer.body) == (204, b"")
    assert [row[0] for row in service.rows()] == [1, 3]


def test_bodies_are_ignored_where_none_is_expected(strict_service):
    """A GET or a DELETE with a body is a GET or a DELETE."""
    strict_service.store(WIDGET_ROW)
    answer = strict_service.ask("GET", "/items/1", b"{", "text/plain")
    assert answer.json() == STORED_WIDGET
    assert strict_service.ask("DELETE", "/items/1", b"{", "text/plain").status == 204


def test_bodies_do_no_harm_where_none_is_expected(core_service):
    """A GET or a DELETE with a broken body is answered as without it, or refused."""
    core_service.store(WIDGET_ROW)
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
    core_service.store(WIDGET_ROW)
    for method, path, allowed in REFUSED:
        if method in LEFT_TO_FRAMEWORKS:
            continue
        with each(f"{method} {path}"):
            answer = core_service.ask(method, path, body_for(method))
            assert_problem(answer, 405)
            names = {name.strip() for name in answer.headers["allow"].split(",")}
            assert names & allowed
            assert names <= allowed | LEFT_TO_FRAMEWORKS
    assert core_service.rows() == [(1, *WIDGET_ROW)]


def test_other_methods_are_refused_exactly(strict_service, each):
    """OPTIONS and TRACE are refused like any other, and Allow lists exactly what a path knows."""
    strict_service.store(WIDGET_ROW)
    for method, path, allowed in REFUSED:
        with each(f"{method} {path}"):
            answer = strict_service.ask(method, path, body_for(method))
            names = [name.strip() for name in answer.headers["allow"].split(",")]
            assert sorted(names) == sorted(allowed)
            if method == "HEAD":
                assert (answer.status, answer.body, answer.media_type) == (405, b"", PROBLEM)
            else:
                assert_exact_problem(answer, 405)
    assert strict_service.rows() == [(1, *WIDGET_ROW)]


def test_methods_left_to_frameworks_do_no_harm(service, each):
    """HEAD, OPTIONS and TRACE fail nowhere, change nothing, and keep the connection in step."""
    service.store(WIDGET_ROW)
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
    assert service.rows() == [(1, *WIDGET_ROW)]


def test_preflight_is_refused(strict_service, each):
    """A browser's preflight gets the same 405 as any OPTIONS."""
    headers = {"Origin": "http://example.org", "Access-Control-Request-Method": "POST"}
    for path in [path for resource in RESOURCES for path in resource.paths]:
        with each(path):
            assert_exact_problem(strict_service.ask("OPTIONS", path, headers=headers), 405)


def test_head_is_get_without_a_body(strict_service, each):
    """HEAD has the status and media type of GET, no body, and leaves the connection in step."""
    strict_service.store(WIDGET_ROW)
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
    core_service.store(WIDGET_ROW)
    for path in UNKNOWN_PATHS:
        for method in ("GET", "POST", "PATCH"):
            with each(f"{method} {path}"):
                body = b"x" if method == "POST" else None
                assert_problem(core_service.ask(method, path, body, "text/plain"), 404)
    assert core_service.rows() == [(1, *WIDGET_ROW)]


def test_unknown_paths_are_refused_exactly(strict_service, each):
    """Nothing is redirected, and the framework has no page of its own where nobody expects one."""
    strict_service.store(WIDGET_ROW)
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
    assert strict_service.rows() == [(1, *WIDGET_ROW)]


def test_nearly_known_paths_do_no_harm(core_service, each):
    """A path that is nearly one of the contract leads where it seems to, or nowhere."""
    core_service.store(WIDGET_ROW)
    for path in (*UNKNOWN_TO_STRICT_ONES, *DOUBLED_SLASHES):
        for method in ("GET", "PATCH", "OPTIONS"):
            with each(f"{method} {path}"):
                assert_no_fault(core_service.ask(method, path))
    assert core_service.rows() == [(1, *WIDGET_ROW)]


# --- headers


ON_EVERY_ANSWER = {"server", "date"}
ON_A_BODY = {"content-type", "content-length"}


def test_headers_are_few(strict_service, each):
    """An answer has no header that its client does not need: each costs time in every request."""
    for method, path, status in ROUTES:
        with each(f"{method} {path}"):
            strict_service.empty()
            strict_service.store(WIDGET_ROW)
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
