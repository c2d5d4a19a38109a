"""Connections: kept as long as the client wants, and nobody else's matter when it goes away."""

from .answer import JSON
from .bodies import VALID, WIDGET_ROW
from .wire import Wire, in_chunks, request_head


def test_connection_is_kept(service):
    """A connection stays open after successes and after refusals."""
    service.store(WIDGET_ROW)
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
