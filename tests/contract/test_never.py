"""Requests that hardly any client sends, and hostile ones.

The promise holds at every level: a 4xx problem, or the one correct answer. Never a 5xx, never a
dropped connection, and never a wrong value in the table. What is no HTTP may be refused by the
server itself in its own words; a strict target has one wording for that as well.
"""

import re

from .answer import JSON, assert_item
from .bodies import EXOTIC, HOSTILE, VALID, WIDGET
from .problem import (
    NOT_HTTP,
    PROBLEM,
    TITLE_AND_DETAIL,
    assert_client_problem,
    assert_exact_problem,
    assert_no_fault,
    assert_no_fault_of_http,
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


# --- several requests on one connection


def test_pipelined_requests_are_answered_in_order(service):
    """Requests that come at once on one connection are answered one after the other."""
    service.store(STORED)
    with Wire(service.base_url) as wire:
        host = (("Host", wire.host),)
        headers = (*host, ("Content-Type", JSON), ("Content-Length", str(len(VALID))))
        wire.send(
            request_head("POST", "/items/", headers)
            + VALID
            + request_head("GET", "/items/2", host)
            + request_head("DELETE", "/items/2", (*host, ("Connection", "close")))
        )
        told = wire.rest()
    assert re.findall(rb"HTTP/1.1 (\d+)", told) == [b"201", b"200", b"204"], told
    assert service.rows() == [(1, *STORED)]


# In chunks the body ends after the first five bytes, and the rest is another request. By its length
# the body holds that other request.
SMUGGLING = b"0\r\n\r\nDELETE /items/1 HTTP/1.1\r\nHost: x\r\n\r\n"
WHOLE = ("Content-Length", str(len(SMUGGLING)))
AMBIGUOUS = {
    "length and chunks": (WHOLE, ("Transfer-Encoding", "chunked")),
    "chunks and length": (("Transfer-Encoding", "chunked"), WHOLE),
    "chunks in capital letters": (WHOLE, ("TRANSFER-ENCODING", "Chunked")),
    "a coding that looks like it": (WHOLE, ("Transfer-Encoding", "xchunked")),
    "chunks that are not the last coding": (WHOLE, ("Transfer-Encoding", "chunked, identity")),
    "a control character": (WHOLE, ("Transfer-Encoding", "\x0bchunked")),
    "a space in the name": (WHOLE, ("Transfer-Encoding ", "chunked")),
    "a line of its own": (WHOLE, ("Transfer-Encoding", "\r\n chunked")),
    "two lengths": (WHOLE, ("Content-Length", "5")),
    "two lengths in a list": (("Content-Length", f"5, {len(SMUGGLING)}"),),
}


def test_no_request_is_smuggled(service, each):
    """Where a request ends has one meaning: what a proxy in front would count in a body is never
    taken for another request."""
    service.store(STORED)
    for name, headers in AMBIGUOUS.items():
        with each(name):
            with Wire(service.base_url) as wire:
                known = (("Host", wire.host), ("Content-Type", JSON))
                wire.send(request_head("POST", "/echo", (*known, *headers)) + SMUGGLING)
                assert_no_fault_of_http(wire.read("POST"))
                wire.end()
                wire.is_at_end()
            assert service.rows() == [(1, *STORED)]


# --- what is no HTTP


NO_HTTP = {
    "a method in lower case": b"get /ping HTTP/1.1\r\nHost: a\r\n\r\n",
    "a line of 70,000 letters": b"GET /%b HTTP/1.1\r\nHost: a\r\n\r\n" % (b"x" * 70_000),
    "bytes beyond ASCII in the path": b"GET /caf\xe9 HTTP/1.1\r\nHost: a\r\n\r\n",
    "a version of the future": b"GET /ping HTTP/9.9\r\nHost: a\r\n\r\n",
    "a header without a colon": b"GET /ping HTTP/1.1\r\nno colon\r\n\r\n",
    "a NUL in a header": b"GET /ping HTTP/1.1\r\nHost: a\r\nX-Nul: a\0b\r\n\r\n",
    "a handshake of TLS": b"\x16\x03\x01\x00\x05hello\r\n\r\n",
}


def test_what_is_no_http_does_no_harm(service, each):
    """What no server can read is refused, and others are served as before."""
    for name, request_bytes in NO_HTTP.items():
        with each(name):
            with Wire(service.base_url) as wire:
                wire.send(request_bytes)
                assert_no_fault_of_http(wire.read())
            assert service.ask("GET", "/ping").status == 200


def test_what_is_no_http_is_refused_alike(strict_service, each):
    """What no server can read is refused by all of them in the same words."""
    for name, request_bytes in NO_HTTP.items():
        with each(name), Wire(strict_service.base_url) as wire:
            wire.send(request_bytes)
            assert_refused(wire.read())
            assert wire.is_at_end()


def test_nothing_follows_an_answer(strict_service):
    """A body that turns out to be broken after its request was answered is not answered again."""
    chunked = (("Transfer-Encoding", "chunked"),)
    with Wire(strict_service.base_url) as wire:
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
    "chunks twice": (("Transfer-Encoding", "chunked, chunked"),),
    "chunks, and they are broken": (("Transfer-Encoding", "chunked"),),
}
BROKEN_CHUNKS = {
    "a negative size": b"-1\r\n",
    "a size beyond 64 bits": b"fffffffffffffffff\r\n",
    "a size in another notation": b"0x2f\r\n",
    "a size of 5,000 digits": b"1" * 5_000 + b"\r\n",
    "more than was announced": b"5\r\n" + VALID + b"\r\n0\r\n\r\n",
    "no end of the line": b"%x\r\n%bxx0\r\n\r\n" % (len(VALID), VALID),
}


def send_broken_length(service, headers) -> None:
    """A POST with this length is answered as it should be at any level."""
    with Wire(service.base_url) as wire:
        wire.send(
            request_head("POST", "/items/", (("Host", wire.host), ("Content-Type", JSON), *headers))
            + VALID
            # Ends the line in which a size of a chunk is expected.
            + (b"\r\n\r\n" if any("chunked" in pair[1] for pair in headers) else b"")
        )
        return wire.read("POST")


def test_broken_lengths_do_no_harm(service, each):
    """A length that is none is refused, unless it has but one meaning."""
    for name, headers in BROKEN_LENGTHS.items():
        with each(name):
            service.empty()
            service.store(STORED)
            answer = send_broken_length(service, headers)
            rows = [(1, *STORED)]
            if answer.status == 201:
                assert_item(answer.json(), {"id": 2} | WIDGET)
                rows.append((2, *WIDGET.values()))
            else:
                assert answer.status >= 400
                assert_no_fault_of_http(answer)
            assert service.rows() == rows
    assert service.ask("GET", "/ping").status == 200


def test_broken_chunks_do_no_harm(service, each):
    """Chunks that are none are refused, and nothing is stored."""
    chunked = (("Content-Type", JSON), ("Transfer-Encoding", "chunked"))
    for name, body in BROKEN_CHUNKS.items():
        with each(name):
            with Wire(service.base_url) as wire:
                host = ("Host", wire.host)
                wire.send(request_head("POST", "/items/", (host, *chunked)) + body + b"\r\n\r\n")
                # A server may wait for the rest of a chunk without an end.
                wire.end()
                assert wire.rest()[:10] in (b"", b"HTTP/1.1 4")
            assert service.rows() == []
    assert service.ask("GET", "/ping").status == 200


def test_broken_lengths_are_refused_alike(strict_service, each):
    """It is refused by the server, in the one wording."""
    for name, headers in BROKEN_LENGTHS.items():
        with each(name):
            answer = send_broken_length(strict_service, headers)
            if answer.status != 201:
                assert answer.status == 400
                assert answer.content_type == PROBLEM
                assert answer.json() == NOT_HTTP


HARDLY_HTTP = (
    b"\r\n\r\n",
    b"GET\r\n\r\n",
    b"GET /ping\r\n\r\n",
    b"\x16\x03\x01\x00\x05hello",
    b"GET /ping HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    b"GET /ping HTTP/1.1\r\n\r\n",
    b"GET /ping HTTP/1.1\r\nHost: \r\n\r\n",
    b"GET /ping HTTP/1.1\r\nHost: a b/c\r\n\r\n",
    b"GET /ping HTTP/1.1\nHost: a\n\n",
    b"GET  /ping  HTTP/1.1\r\nHost: a\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
    b"CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
)


def test_what_is_hardly_http(service):
    """After something that is hardly HTTP, the service still serves others."""
    for request_bytes in HARDLY_HTTP:
        with Wire(service.base_url) as wire:
            wire.send(request_bytes)
        assert service.ask("GET", "/ping").status == 200, request_bytes


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


# --- clients that go away


def test_clients_that_go_away(service):
    """A client that leaves in the middle of a body stores nothing and blocks nobody.

    Nor does it when the part that came would be a whole item.
    """
    last_chunk = len("0\r\n\r\n")
    for length, body in (
        (("Content-Length", "999"), VALID),
        (("Content-Length", "999"), VALID[:20]),
        (("Content-Length", str(10 * 1024**3)), VALID),
        (("Transfer-Encoding", "chunked"), in_chunks(VALID)[:-last_chunk]),
        (("Transfer-Encoding", "chunked"), in_chunks(VALID)[:20]),
    ):
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
        assert wire.rest()[:10] in (b"", b"HTTP/1.1 4")
    assert service.rows() == []


def test_clients_that_say_nothing(service):
    """Connections on which nothing is asked keep nobody from being served."""
    silent = [Wire(service.base_url) for _ in range(30)]
    try:
        half = request_head("POST", "/items/", (("Content-Length", "10"),))[:-2]
        for wire in silent[::2]:
            wire.send(half)
        assert service.ask("GET", "/ping").status == 200
    finally:
        for wire in silent:
            wire.close()
