"""Requests that hardly any client sends.

The promise is: a 4xx problem, or the one correct answer. Never a 5xx, never a dropped connection,
and never a wrong value in the table.
"""

import pytest

from .answer import JSON
from .bodies import EXOTIC, VALID, WIDGET
from .problem import (
    NOT_HTTP,
    PROBLEM,
    assert_client_problem,
    assert_problem,
    assert_refused,
    is_refused,
)
from .routes import WRITES
from .wire import Wire, in_chunks, request_head

STORED = ("Stored", "before", 3.5, False)
STORED_ITEM = {
    "id": 1,
    "name": "Stored",
    "description": "before",
    "price": 3.5,
    "in_stock": False,
}


@pytest.mark.parametrize("exotic", EXOTIC, ids=lambda exotic: exotic.name)
def test_exotic_body(service, exotic):
    """An exotic body is refused with a problem, or means the one item it can mean."""
    service.store(STORED)
    rows = {1: STORED}
    for method, path, status in WRITES:
        answer = service.ask(method, path, exotic.body, None, exotic.headers)
        if answer.status >= 400:
            assert_client_problem(answer)
            continue
        assert answer.status == status
        assert exotic.item is not None, answer.body[:500]
        item = answer.json()
        number = item.pop("id", None)
        assert item == exotic.item
        if number is not None:
            rows[number] = tuple(exotic.item.values())
    assert service.rows() == [(number, *row) for number, row in sorted(rows.items())]
    assert service.ask("GET", "/ping").status == 200


HARMLESS_HEADERS = {
    "a cookie": ("Cookie", "sessionid=x; csrftoken; =;;\xff"),
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
    "an upgrade": ("Upgrade", "h2c"),
    "another path": ("X-Original-URL", "/nope"),
    "high bytes": ("X-Strange", "\x80\xff"),
    "a long value": ("X-Long", "x" * 6_000),
    "an empty value": ("X-Empty", ""),
    "a name with an underscore": ("Content_Length", "5"),
    "a media type": ("Content-Type", "text/\xff; charset=\xff"),
    "an override": ("X-HTTP-Method-Override", "DELETE"),
}


@pytest.mark.parametrize("header", HARMLESS_HEADERS.values(), ids=HARMLESS_HEADERS)
def test_strange_header_changes_nothing(service, header):
    """A header that means nothing to the contract is answered as if it were absent, or refused."""
    service.store(STORED)
    with Wire(service.base_url) as wire:
        answer = wire.ask("GET", "/items/1", (header,))
    if answer.status >= 400:
        assert_client_problem(answer)
    else:
        assert (answer.status, answer.json()) == (200, STORED_ITEM)
    assert service.rows() == [(1, *STORED)]


@pytest.mark.parametrize(
    "host", ["example.org", "localhost:1", "127.0.0.1:99999", "a_b", "[::1]", "xn--bcher-kva.de"]
)
def test_strange_host_changes_nothing(service, host):
    """The name that a client uses for this host does not matter, or is refused with a problem."""
    service.store(STORED)
    for path in ("/items/1", "/items/1/"):
        with Wire(service.base_url) as wire:
            answer = wire.ask("GET", path, host=host)
        if answer.status >= 400:
            assert_client_problem(answer)
        else:
            assert (answer.status, answer.json()) == (200, STORED_ITEM)


@pytest.mark.parametrize(
    "query",
    ["limit=1&limit=2", "limit=1&limit=x", "offset=0&offset=1", "limit=1;offset=0", "limit=1%26",
     "limit=" + "0" * 5_000 + "1", "limit=1&" + "x=1&" * 1_500, "%6cimit=1", "limit=1#x",
     "limit=%u0031", "limit=%", "limit=%3"],
    ids=lambda query: query[:20],
)  # fmt: skip
def test_strange_query(service, query):
    """A strange query is refused with a problem, or gives a page of the list."""
    service.store(STORED, STORED, STORED)
    with Wire(service.base_url) as wire:
        answer = wire.ask("GET", f"/items/?{query}")
    if answer.status >= 400:
        assert_client_problem(answer)
    else:
        assert answer.status == 200
        assert [item["name"] for item in answer.json()] in (
            ["Stored"], ["Stored"] * 2, ["Stored"] * 3
        )  # fmt: skip


@pytest.mark.parametrize(
    "path",
    ["/items/\xff", "/items/%", "/items/%zz", "/items/1?\xff=\xff", "/items/1%3F", "/items%2F1",
     "/items/%2e%2e/ping", "/./items/1", "/items/" + "0" * 5_000 + "1", "/" + "x" * 6_000,
     "/items/1;x=y", "/items/1#x", "/%2e%2e/%2e%2e/etc/passwd", "http://127.0.0.1/items/1"],
    ids=lambda path: path[:20],
)  # fmt: skip
def test_strange_path(service, path):
    """A strange path is refused, or leads where it says. It never leads to a 5xx."""
    service.store(STORED)
    with Wire(service.base_url) as wire:
        answer = wire.ask("GET", path)
    if answer.status >= 400:
        assert_client_problem(answer)
    else:
        assert answer.status == 200
        assert answer.json() in (STORED_ITEM, {"status": "ok"})
    # Raw bytes are no path: each server refuses them before the application.
    assert is_refused(answer) or path.isascii()


@pytest.mark.parametrize("method", ["BREW", "PROPFIND", "X" * 15, "PURGE", "LINK"])
def test_unknown_method(service, method):
    """A method that no resource knows is 405, or more than the server can read."""
    service.store(STORED)
    for path in ("/items/", "/items/1", "/ping"):
        with Wire(service.base_url) as wire:
            answer = wire.ask(method, path)
        if not is_refused(answer):
            assert_problem(answer, 405)
    assert service.rows() == [(1, *STORED)]


def test_known_methods_of_other_protocols_are_405(service):
    """A method of WebDAV, which every server can read, is 405 like any other."""
    for path in ("/items/", "/items/1", "/ping"):
        assert_problem(service.ask("PROPFIND", path), 405)


# --- what is no HTTP


REFUSED_REQUESTS = {
    "a method in lower case": b"get /ping HTTP/1.1\r\nHost: a\r\n\r\n",
    "a line of 70,000 letters": b"GET /%b HTTP/1.1\r\nHost: a\r\n\r\n" % (b"x" * 70_000),
    "bytes beyond ASCII in the path": b"GET /caf\xe9 HTTP/1.1\r\nHost: a\r\n\r\n",
    "a version of the future": b"GET /ping HTTP/9.9\r\nHost: a\r\n\r\n",
    "a header without a colon": b"GET /ping HTTP/1.1\r\nno colon\r\n\r\n",
    "a NUL in a header": b"GET /ping HTTP/1.1\r\nHost: a\r\nX-Nul: a\0b\r\n\r\n",
    "a handshake of TLS": b"\x16\x03\x01\x00\x05hello\r\n\r\n",
}


@pytest.mark.parametrize("request_bytes", REFUSED_REQUESTS.values(), ids=REFUSED_REQUESTS)
def test_what_is_no_http_is_refused_alike(service, request_bytes):
    """What no server can read is refused by all of them in the same words."""
    with Wire(service.base_url) as wire:
        wire.send(request_bytes)
        assert_refused(wire.read())
        assert wire.is_at_end()


def test_nothing_follows_an_answer(service):
    """A body that turns out to be broken after its request was answered is not answered again."""
    chunked = (("Transfer-Encoding", "chunked"),)
    with Wire(service.base_url) as wire:
        answer = wire.ask("GET", "/ping", chunked, b"no size\r\n\r\n")
        assert answer.status == 200 or answer.json() == NOT_HTTP
        assert wire.is_at_end()


BROKEN_LENGTHS = {
    "letters": (("Content-Length", "abc"),),
    "negative": (("Content-Length", "-5"),),
    "with a sign": (("Content-Length", f"+{len(VALID)}"),),
    "empty": (("Content-Length", ""),),
    "a fraction": (("Content-Length", "5.0"),),
    "other digits": (("Content-Length", "\xb2"),),
    "of 5,000 digits": (("Content-Length", "9" * 5_000),),
    "twice, unequal": (("Content-Length", str(len(VALID))), ("Content-Length", "3")),
    "twice, equal": (("Content-Length", str(len(VALID))), ("Content-Length", str(len(VALID)))),
    "a list": (("Content-Length", f"{len(VALID)}, {len(VALID)}"),),
    "beside chunks": (("Content-Length", str(len(VALID))), ("Transfer-Encoding", "chunked")),
    "an unknown coding": (("Transfer-Encoding", "x"),),
    "chunks, and they are broken": (("Transfer-Encoding", "chunked"),),
}


@pytest.mark.parametrize("headers", BROKEN_LENGTHS.values(), ids=BROKEN_LENGTHS)
def test_broken_length(service, headers):
    """A length that is none is refused by the server, unless it has but one meaning."""
    service.store(STORED)
    with Wire(service.base_url) as wire:
        wire.send(
            request_head("POST", "/items/", (("Host", wire.host), ("Content-Type", JSON), *headers))
            + VALID
            # Ends the line in which a size of a chunk is expected.
            + (b"\r\n\r\n" if any("chunked" in pair for pair in headers) else b"")
        )
        answer = wire.read("POST")
    rows = [(1, *STORED)]
    if answer.status == 201:
        assert answer.json() == {"id": 2} | WIDGET
        rows.append((2, *WIDGET.values()))
    else:
        assert answer.status == 400
        assert answer.content_type == PROBLEM
        assert answer.json() == NOT_HTTP
    assert service.rows() == rows
    assert service.ask("GET", "/ping").status == 200


@pytest.mark.parametrize(
    "request_bytes",
    [b"\r\n\r\n", b"GET\r\n\r\n", b"GET /ping\r\n\r\n", b"\x16\x03\x01\x00\x05hello",
     b"GET /ping HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
     b"GET /ping HTTP/1.1\r\n\r\n", b"GET /ping HTTP/1.1\r\nHost: \r\n\r\n",
     b"GET /ping HTTP/1.1\r\nHost: a b/c\r\n\r\n",
     b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n"],
)  # fmt: skip
def test_what_is_hardly_http(service, request_bytes):
    """After something that is hardly HTTP, the service still serves others."""
    with Wire(service.base_url) as wire:
        wire.send(request_bytes)
    assert service.ask("GET", "/ping").status == 200


@pytest.mark.parametrize(
    ("length", "body"),
    [
        (("Content-Length", "999"), VALID),
        (("Content-Length", "999"), VALID[:20]),
        (("Transfer-Encoding", "chunked"), in_chunks(VALID)[: -len("0\r\n\r\n")]),
        (("Transfer-Encoding", "chunked"), in_chunks(VALID)[:20]),
    ],
    ids=["with a length", "with a length, cut JSON", "chunked", "chunked, cut JSON"],
)
def test_client_that_goes_away(service, length, body):
    """A client that leaves in the middle of a body stores nothing and blocks nobody.

    Nor does it when the part that came would be a whole item.
    """
    for _ in range(25):
        with Wire(service.base_url) as wire:
            headers = (("Host", wire.host), ("Content-Type", JSON), length)
            wire.send(request_head("POST", "/items/", headers) + body)
    # A burst, so that no thread is still at work on one of them.
    service.open_all_connections()
    assert service.rows() == []


def test_client_that_stops_half_way(service):
    """A client that ends its side of the connection too early stores nothing, whatever it gets."""
    with Wire(service.base_url) as wire:
        headers = (("Host", wire.host), ("Content-Type", JSON), ("Content-Length", "999"))
        wire.send(request_head("POST", "/items/", headers) + VALID)
        wire.end()
        assert wire.rest()[:12] in (b"", b"HTTP/1.1 400")
    assert service.rows() == []
