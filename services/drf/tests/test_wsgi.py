"""What stands between Gunicorn and Django: bodies and headers that Django cannot take."""

import json
from io import BytesIO
from typing import Any

import pytest

from config.wsgi import application
from items.models import Item

BODY = json.dumps({"name": "x", "price": 1}).encode()


class Stream(BytesIO):
    """A body that the server ends by itself, like a chunked one."""


def call(stream: BytesIO, **environ: Any) -> tuple[int, Any]:
    """The status and the JSON of the answer to a POST."""
    answer: dict[str, Any] = {}

    def start_response(status: str, headers: list[tuple[str, str]]) -> None:
        answer.update(status=int(status.split()[0]), headers=dict(headers))

    content = b"".join(
        application(
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
    )
    return answer["status"], json.loads(content)


@pytest.mark.parametrize("more", [0, 1])
def test_a_chunked_body_is_read(more: int) -> None:
    """A body in chunks, without a length, is a body like any other, up to 1 MiB."""
    body = BODY[:-1] + b" " * (1024 * 1024 - len(BODY) + more) + b"}"
    status = call(Stream(body), HTTP_TRANSFER_ENCODING="chunked")[0]
    assert status == (413 if more else 200)


@pytest.mark.parametrize("path", ["/echo", "/items/"])
def test_a_body_that_ends_too_early_is_a_400(path: str) -> None:
    """Also when the part that came is JSON by itself: the client has gone, and meant more."""
    length = str(len(BODY) + 1)
    assert call(BytesIO(BODY), PATH_INFO=path, CONTENT_LENGTH=length)[0] == 400
    assert not Item.objects.exists()


@pytest.mark.parametrize(
    "header", [{"HTTP_TRANSFER_ENCODING": "chunked"}, {"CONTENT_LENGTH": "5242880"}]
)
def test_a_body_that_is_too_large_is_read_to_its_end(header: dict[str, str]) -> None:
    """Else the client, still sending, would get a reset instead of the answer."""
    stream = Stream(b"x" * 5_242_880)
    assert call(stream, **header)[0] == 413
    assert stream.tell() == 5_242_880


@pytest.mark.parametrize(
    "parameter", ["charset=bz2_codec", "charset=hex", "charset=utf-16", "charset=no", "x*=no''y"]
)
def test_parameters_of_the_content_type_are_ignored(parameter: str) -> None:
    """JSON is UTF-8 whatever follows its media type."""
    length = str(len(BODY))
    for media_type in ("application/json", "text/plain"):
        environ = {"CONTENT_TYPE": f"{media_type}; {parameter}", "QUERY_STRING": "limit=1"}
        status = call(BytesIO(BODY), CONTENT_LENGTH=length, **environ)[0]
        assert status == (200 if media_type == "application/json" else 415)
        assert call(BytesIO(), REQUEST_METHOD="GET", PATH_INFO="/items/", **environ)[0] == 200


def test_a_content_type_that_is_none_is_a_400_in_the_admin() -> None:
    """Django raises it where nothing would turn it into an answer."""
    path = "/admin/login/"
    assert call(BytesIO(), PATH_INFO=path, CONTENT_TYPE="text/plain; x*=no''y")[0] == 400


@pytest.mark.parametrize("path", ["/echo", "/admin/"])
def test_a_nul_in_a_session_key_is_a_400(path: str) -> None:
    """Django would ask the database for it, whose driver refuses it."""
    cookie = r'sessionid="\000aaaaaaaaaaaaaaaa"'
    status = call(BytesIO(BODY), PATH_INFO=path, CONTENT_LENGTH=str(len(BODY)), HTTP_COOKIE=cookie)
    assert status[0] == 400
