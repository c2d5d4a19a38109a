"""The WSGI application in front of Django: bodies and headers that Django cannot take."""

import json
import socket
from io import BytesIO
from typing import Any

import pytest

from config.wsgi import application

BODY = json.dumps({"name": "x", "price": 1}).encode()


class Stream(BytesIO):
    """A body that the server ends by itself, like a chunked one."""


class SilentStream(BytesIO):
    def read(self, size: int | None = -1, /) -> bytes:
        raise TimeoutError


class ResetStream(BytesIO):
    def read(self, size: int | None = -1, /) -> bytes:
        raise ConnectionResetError


class BrokenStream(BytesIO):
    def read(self, size: int | None = -1, /) -> bytes:
        raise RuntimeError("invalid chunk")


def call(stream: BytesIO, **environ: Any) -> tuple[int, Any]:
    answer: dict[str, Any] = {}

    def start_response(status: str, headers: list[tuple[str, str]]) -> None:
        answer.update(status=int(status.split()[0]), headers=dict(headers))

    answered = application(
        {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": "/echo",
            "QUERY_STRING": "",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "8001",
            "CONTENT_TYPE": "application/json",
            "wsgi.url_scheme": "http",
            "wsgi.input": stream,
            **environ,
        },
        start_response,
    )
    content = b"".join(answered)
    if hasattr(answered, "close"):
        answered.close()
    assert answer["headers"]["Content-Length"] == str(len(content))
    return answer["status"], json.loads(content)


def test_a_chunked_body_is_read() -> None:
    """A body in chunks, without a length, is a body like any other."""
    assert call(Stream(BODY), HTTP_TRANSFER_ENCODING="chunked")[0] == 200


@pytest.mark.parametrize(("path", "status"), [("/echo", 413), ("/nope", 404)])
def test_a_body_too_large_is_read_to_its_end(path: str, status: int) -> None:
    """Else the client, still sending, would get a reset instead of the answer."""
    for header in ({"HTTP_TRANSFER_ENCODING": "chunked"}, {"CONTENT_LENGTH": "5242880"}):
        stream = Stream(b"x" * 5_242_880)
        assert call(stream, PATH_INFO=path, **header)[0] == status
        assert stream.tell() == 5_242_880


@pytest.mark.parametrize("length", ["10737418240", str(2**64)])
def test_what_is_too_large_is_not_waited_for(length: str) -> None:
    """The answer comes first; then a client that sends nothing loses its connection."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        environ = {"CONTENT_LENGTH": length, "gunicorn.socket": ours}
        assert call(SilentStream(), **environ)[0] == 413
        assert theirs.recv(1) == b""


def test_a_body_that_ends_too_early_is_a_400() -> None:
    """Also when the part that came is JSON by itself."""
    status, problem = call(Stream(BODY), CONTENT_LENGTH=str(len(BODY) + 1))
    assert (status, problem["detail"]) == (400, "The request body is not valid JSON.")


@pytest.mark.parametrize("path", ["/echo", "/items/"])
def test_a_client_that_resets_the_connection_is_no_fault(path: str) -> None:
    """A reset while the body is read is 400, not a fault of the service."""
    assert call(ResetStream(), PATH_INFO=path, CONTENT_LENGTH="50")[0] == 400


def test_exactly_one_mebibyte_is_allowed() -> None:
    """The limit itself is within the limit."""
    body = BODY[:-1] + b" " * (1024 * 1024 - len(BODY)) + b"}"
    assert call(Stream(body), HTTP_TRANSFER_ENCODING="chunked")[0] == 200


def test_a_broken_body_is_a_400() -> None:
    """A body whose chunks are broken is told as invalid HTTP."""
    status, problem = call(BrokenStream(), HTTP_TRANSFER_ENCODING="chunked")
    assert (status, problem["detail"]) == (400, "The request is not valid HTTP.")


@pytest.mark.parametrize("parameter", ["charset=bz2_codec", "charset=nope", "x*=nope''y"])
def test_parameters_of_the_content_type_are_ignored(parameter: str) -> None:
    """JSON stays JSON whatever follows its media type."""
    media_type = f"application/json; {parameter}"
    length = str(len(BODY))
    environ = {"CONTENT_TYPE": media_type, "CONTENT_LENGTH": length, "QUERY_STRING": "x=y"}
    assert call(BytesIO(BODY), **environ)[0] == 200
