"""Requests that hardly any client sends, and hostile ones.

The promise holds at every level: a 4xx problem, or the one correct answer. Never a 5xx, never a
dropped connection, and never a wrong value in the table.
"""

from .answer import JSON, assert_item
from .bodies import EXOTIC, HOSTILE, VALID, WIDGET
from .problem import (
    TITLE_AND_DETAIL,
    assert_client_problem,
    assert_exact_problem,
    assert_no_fault,
    assert_no_fault_of_http,
    is_refused,
)
from .routes import WRITES
from .wire import Wire

STORED = ("Stored", "before", 3.5, False)
STORED_ITEM = {
    "id": 1,
    "name": "Stored",
    "description": "before",
    "price": 3.5,
    "in_stock": False,
}


def test_hostile_bodies(service, each):
    """A strange body is refused with a problem, or means the one item that it can mean."""
    for hostile in HOSTILE:
        with each(hostile.name):
            service.empty()
            service.store(STORED)
            rows = {1: STORED}
            # What is not stored goes the same way and ends sooner.
            for method, path, status in WRITES[:2]:
                answer = service.ask(method, path, hostile.body, None, hostile.headers)
                if answer.status == 417:  # what a header expects of the server, the server refuses
                    assert_no_fault(answer)
                    continue
                if answer.status >= 400:
                    assert_client_problem(answer)
                    continue
                assert answer.status == status
                assert hostile.item is not None, answer.body[:500]
                item = answer.json()
                number = item.pop("id")
                assert_item(item, hostile.item)
                rows[number] = tuple(hostile.item.values())
            assert service.rows() == [(number, *row) for number, row in sorted(rows.items())]
    assert service.ask("GET", "/ping").status == 200


def test_hostile_bodies_are_refused_in_the_words_of_the_contract(strict_service, each):
    """What is refused is refused as what the contract has a sentence for; a 400 may be told in
    another one, for the server may have refused it before the application saw it."""
    for exotic in EXOTIC:
        with each(exotic.name):
            answer = strict_service.ask("POST", "/echo", exotic.body, None, exotic.headers)
            if answer.status >= 400:
                title, detail = TITLE_AND_DETAIL[answer.status]
                told = answer.json()
                assert told["title"] == title
                assert told["detail"] == detail or answer.status == 400


HARMLESS_HEADERS = {
    "a cookie": ("Cookie", "sessionid=x; csrftoken; =;;\xff"),
    "a large cookie": ("Cookie", "a=" + "x" * 6_000),
    "credentials": ("Authorization", "Basic !!!"),
    "digest credentials": ("Authorization", 'Digest username="\xe9"'),
    "a token": ("Authorization", "Bearer x"),
    "a range": ("Range", "bytes=0-1"),
    "a condition": ("If-None-Match", "*"),
    "a date": ("If-Modified-Since", "Fri, 31 Dec 9999 23:59:59 GMT"),
    "no date": ("If-Modified-Since", "yesterday"),
    "a language": ("Accept-Language", "xx-\xff;q=nan"),
    "an encoding": ("Accept-Encoding", "gzip;q=0, identity;q=0"),
    "a charset": ("Accept-Charset", "utf-16"),
    "a proxy": ("X-Forwarded-For", "not an address, \xff"),
    "another scheme": ("X-Forwarded-Proto", "https"),
    "another host": ("X-Forwarded-Host", "example.org:99999"),
    "another root": ("X-Script-Name", "/elsewhere"),
    "a root for WSGI": ("SCRIPT_NAME", "/items"),
    "a path for WSGI": ("PATH_INFO", "/nope"),
    "forwarded": ("Forwarded", 'for="[::1'),
    "an expectation": ("Expect", "the-spanish-inquisition"),
    "an upgrade": ("Upgrade", "h2c"),
    "a web socket": ("Upgrade", "websocket"),
    "another path": ("X-Original-URL", "/nope"),
    "high bytes": ("X-Strange", "\x80\xff"),
    "a long value": ("X-Long", "x" * 6_000),
    "an empty value": ("X-Empty", ""),
    "a folded value": ("X-Folded", "a\r\n b"),
    "a name with an underscore": ("Content_Length", "5"),
    "a media type": ("Content-Type", "text/\xff; charset=\xff"),
    "an override": ("X-HTTP-Method-Override", "DELETE"),
    "hops": ("Max-Forwards", "0"),
    "an end of the connection": ("Connection", "close, content-length"),
}


def test_strange_headers_change_nothing(service, each):
    """A header that means nothing to the contract is answered as if it were absent, or refused."""
    service.store(STORED)
    for name, header in HARMLESS_HEADERS.items():
        with each(name), Wire(service.base_url) as wire:
            answer = wire.ask("GET", "/items/1", (header,))
            if answer.status >= 400:
                assert_no_fault_of_http(answer)
            else:
                assert answer.status == 200
                assert_item(answer.json(), STORED_ITEM)
    assert service.rows() == [(1, *STORED)]


def test_many_headers(service):
    """A thousand headers are answered as if they were absent, or refused."""
    with Wire(service.base_url) as wire:
        many = tuple((f"X-Many-{number}", "x") for number in range(1_000))
        assert_no_fault_of_http(wire.ask("GET", "/ping", many))
    assert service.ask("GET", "/ping").status == 200


def test_strange_headers_are_refused_as_a_problem(strict_service, each):
    """Whether the server or the application refuses one, it is a problem."""
    strict_service.store(STORED)
    for name, header in HARMLESS_HEADERS.items():
        with each(name), Wire(strict_service.base_url) as wire:
            answer = wire.ask("GET", "/items/1", (header,))
            if answer.status >= 400:
                assert_client_problem(answer)


HOSTS = ("example.org", "localhost:1", "127.0.0.1:99999", "a_b", "[::1]", "xn--bcher-kva.de")


def test_strange_hosts_change_nothing(service, each):
    """The name that a client uses for this host does not matter, or is refused with a problem."""
    service.store(STORED)
    for host in HOSTS:
        for path in ("/items/1", "/items/1/"):
            with each(f"{host} {path}"), Wire(service.base_url) as wire:
                answer = wire.ask("GET", path, host=host)
                if answer.status >= 400:
                    assert_client_problem(answer)
                else:
                    assert answer.status == 200
                    assert_item(answer.json(), STORED_ITEM)


QUERIES = (
    "limit=1&limit=2",
    "limit=1&limit=x",
    "offset=0&offset=1",
    "limit=1;offset=0",
    "limit=1%26",
    "limit=" + "0" * 5_000 + "1",
    "limit=1&" + "x=1&" * 1_500,
    "x=" + "1" * 60_000,
    "x=%00&limit=1",
    "limit=1&%00",
    "limit=1&x=%ff%fe",
    "limit=1&x=%ed%a0%80",
    "%6cimit=1",
    "limit=1#x",
    "limit=%u0031",
    "limit=%",
    "limit=%3",
    "limit=1'%20OR%20'1'='1",
    "limit=1&__proto__[x]=1&x[]=1&x[a]=2",
    "limit=1?limit=2",
)


def test_strange_queries(service, each):
    """A strange query is refused, or gives a page of the list."""
    service.store(STORED, STORED, STORED)
    for query in QUERIES:
        with each(query[:30]), Wire(service.base_url) as wire:
            answer = wire.ask("GET", f"/items/?{query}")
            if answer.status >= 400:
                assert_no_fault_of_http(answer)
            else:
                assert answer.status == 200
                assert [item["name"] for item in answer.json()] in (
                    ["Stored"], ["Stored"] * 2, ["Stored"] * 3
                )  # fmt: skip


PATHS = (
    "/items/\xff",
    "/items/%",
    "/items/%zz",
    "/items/%ed%a0%80",
    "/items/%00",
    "/%00/items/1",
    "/items/1?\xff=\xff",
    "/items/1%3F",
    "/items%2F1",
    "/items/1%2F",
    "/items%2f",
    "/items/%2e%2e/ping",
    "/items/../ping",
    "/items/1/../1",
    "/./items/1",
    "/items/./1",
    "/items/" + "0" * 5_000 + "1",
    "/" + "x" * 6_000,
    "/" + "x/" * 3_000,
    "/items/1;x=y",
    "/items;x/1",
    "/items/1#x",
    "/items/1%0d%0aX-Injected:%20yes",
    "/items/1'%20OR%20'1'='1",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/..%5c..%5cetc",
    "http://127.0.0.1/items/1",
    "http://example.org/items/1",
)


def test_strange_paths(service, each):
    """A strange path is refused, or leads where it says. It never leads to a 5xx."""
    service.store(STORED)
    for path in PATHS:
        with each(path[:30]), Wire(service.base_url) as wire:
            answer = wire.ask("GET", path)
            assert "x-injected" not in answer.headers
            if answer.status >= 300:
                assert_no_fault_of_http(answer)
            else:
                assert answer.status == 200
                assert answer.json() in (STORED_ITEM, {"status": "ok"}, [STORED_ITEM])


def test_strange_requests_are_refused_as_a_problem(strict_service, each):
    """A strange path or query is refused with a problem; raw bytes are no path, and refused by
    each server before the application."""
    strict_service.store(STORED)
    for path in (*PATHS, *(f"/items/?{query}" for query in QUERIES)):
        with each(path[:30]), Wire(strict_service.base_url) as wire:
            answer = wire.ask("GET", path)
            if answer.status >= 400:
                assert_client_problem(answer)
            else:
                assert answer.status == 200
            assert is_refused(answer) or path.isascii()


def test_two_media_types(service):
    """Two Content-Type headers are refused, or the item is the one that was sent."""
    with Wire(service.base_url) as wire:
        headers = (
            ("Content-Type", JSON),
            ("Content-Type", "text/plain"),
            ("Content-Length", str(len(VALID))),
        )
        answer = wire.ask("POST", "/echo", headers, VALID)
    if answer.status == 200:
        assert_item(answer.json(), WIDGET)
    else:
        assert_no_fault(answer)


METHODS = ("BREW", "PROPFIND", "X" * 15, "PURGE", "LINK", "QUERY")


def test_unknown_methods_do_no_harm(core_service, each):
    """A method that nobody knows is refused."""
    core_service.store(STORED)
    for method in METHODS:
        for path in ("/items/", "/items/1", "/ping"):
            with each(f"{method} {path}"), Wire(core_service.base_url) as wire:
                answer = wire.ask(method, path)
                assert answer.status >= 400
                assert_no_fault_of_http(answer)
    assert core_service.rows() == [(1, *STORED)]


def test_unknown_methods_are_405(strict_service, each):
    """A method that no resource knows is 405, or more than the server can read. One of WebDAV,
    which every server can read, is 405 like any other."""
    strict_service.store(STORED)
    for method in METHODS:
        for path in ("/items/", "/items/1", "/ping"):
            with each(f"{method} {path}"), Wire(strict_service.base_url) as wire:
                answer = wire.ask(method, path)
                if method == "PROPFIND" or not is_refused(answer):
                    assert_exact_problem(answer, 405)
    assert strict_service.rows() == [(1, *STORED)]
