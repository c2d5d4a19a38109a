"""With several faults at once, which one decides (strict)."""

from .answer import JSON
from .bodies import MEBIBYTE, VALID
from .problem import assert_exact_problem

STORED = ("Stored", "before", 3.5, False)
LARGE = b"x" * (MEBIBYTE + 1)


FAULTS: dict[str, tuple] = {
    "path before size": ("POST", "/nope", LARGE, "text/plain", 404, ()),
    "id before size": ("PUT", "/items/x", LARGE, "text/plain", 404, ()),
    "id before method": ("PATCH", "/items/x", b"{", JSON, 404, ()),
    "method before size": ("PATCH", "/items/", LARGE, "text/plain", 405, ()),
    "method before type": ("PUT", "/items/", b"{", "text/plain", 405, ()),
    "method before JSON": ("POST", "/items/1", b"{", JSON, 405, ()),
    "method before unknown item": ("PATCH", "/items/99", b"{}", JSON, 405, ()),
    "size before type": ("POST", "/items/", LARGE, "text/plain", 413, ()),
    "size before JSON": ("POST", "/items/", LARGE, JSON, 413, ()),
    "size before unknown item": ("PUT", "/items/99", LARGE, JSON, 413, ()),
    "type before JSON": ("POST", "/items/", b"{", "text/plain", 415, ()),
    "type before unknown item": ("PUT", "/items/99", VALID, "text/plain", 415, ()),
    "JSON before unknown item": ("PUT", "/items/99", b"{", JSON, 400, ()),
    "no body before unknown item": ("PUT", "/items/99", b"", JSON, 400, ()),
    "JSON before values": ("POST", "/items/", b'{"name":1,', JSON, 400, ()),
    "values before unknown item": ("PUT", "/items/99", b'{"name":""}', JSON, 422,
                                   ("name", "price")),
    "no object before unknown item": ("PUT", "/items/99", b"[]", JSON, 422, ("body",)),
    "unknown item": ("PUT", "/items/99", VALID, JSON, 404, ()),
    "method before huge id": ("PATCH", f"/items/{2**64}", b"{", JSON, 405, ()),
    "size before huge id": ("PUT", f"/items/{2**64}", LARGE, JSON, 413, ()),
    "type before huge id": ("PUT", f"/items/{2**64}", VALID, None, 415, ()),
    "JSON before huge id": ("PUT", f"/items/{2**64}", b"{", JSON, 400, ()),
    "values before huge id": ("PUT", f"/items/{2**64}", b"{}", JSON, 422, ("name", "price")),
}  # fmt: skip


def test_first_fault_decides(strict_service, each):
    """With several faults at once, the answer is the first in the contract's order."""
    strict_service.store(STORED)
    for name, (method, path, body, content_type, status, fields) in FAULTS.items():
        with each(name):
            answer = strict_service.ask(method, path, body, content_type)
            assert_exact_problem(answer, status, fields)
    assert strict_service.rows() == [(1, *STORED)]
