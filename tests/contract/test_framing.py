"""Where a request ends, and what is no HTTP.

The promise holds at every level: never a 5xx, never a dropped connection, and never a wrong value
in the table. What is no HTTP may be refused by the server itself in its own words; a strict target
has one wording for that as well.
"""

import re

from .answer import JSON, assert_item
from .bodies import VALID, WIDGET
from .problem import NOT_HTTP, PROBLEM, assert_no_fault_of_http, assert_refused
from .wire import Wire, request_head

STORED = ("Stored", "before", 3.5, False)


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
