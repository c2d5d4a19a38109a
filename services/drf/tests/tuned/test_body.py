"""A body that was refused is read to its end, so that its client sees the answer."""

import json
import socket
from io import BytesIO
from typing import Any

import pytest
from gunicorn.http.errors import InvalidChunkSize

from config.tuned.wsgi import application

BODY = json.dumps({"name": "x", "price": 1}).encode()


class Stream(BytesIO):
    """A body that the server ends by itself, like a chunked one."""


class SilentStream(BytesIO):
    def read(self, size: int | None = -1, /) -> bytes:
        raise TimeoutError


class BrokenStream(BytesIO):
    def read(self, size: int | None = -1, /) -> bytes:
        raise InvalidChunkSize(b"x")


def call(stream: BytesIO, **environ: Any) -> tuple[int, Any]:
    """The status and the JSON of the answer to a POST, once all of it is over."""
    answer: dict[str, Any] = {}

    def start_response(status: str, headers: list[tuple[str, str]]) -> None:
        answer.update(status=int(status.split()[0]))

    answered = application(
        {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": "/echo",
            "QUERY_STRING": "",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "8004",
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
    return answer["status"], json.loads(content)


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


def test_a_broken_body_is_a_400() -> None:
    """A body whose chunks are broken is told as invalid HTTP."""
    status, problem = call(BrokenStream(), HTTP_TRANSFER_ENCODING="chunked")
    assert (status, problem["detail"]) == (400, "The request is not valid HTTP.")


def test_a_small_body_needs_none_of_it() -> None:
    """An ordinary answer is Django's own."""
    assert call(BytesIO(BODY), CONTENT_LENGTH=str(len(BODY)))[0] == 200
