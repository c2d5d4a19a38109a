"""What surrounds the items: bodies, methods, failures, documentation, settings."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import Mock

import pytest
import uvicorn
from alembic import command
from alembic.config import Config
from app.asynchronous.database import engine as async_engine
from app.problems import HANDLERS
from app.standard.database import engine as sync_engine
from app.tuned.main import app as tuned
from app.tuned.protocol import ProblemProtocol
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from uvicorn.server import ServerState

SERVICE = Path(__file__).parents[1]
JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    ("content", "media_type", "status"),
    [
        (b'{"name":"a","price":1}', "Application/JSON; charset=utf-8", 200),
        (b'{"name":"a","price":1}', "application/vnd.api+json", 415),
        (b'{"name":"a","price":1}', None, 415),
        (b"", None, 400),
        (b"", "application/json", 400),
        (b"{", "application/json", 400),
        (b"[" * 200_000, "application/json", 400),
        (b'{"name":"a","price":' + b"9" * 5000 + b"}", "application/json", 400),
        (b'{"name":"a","price":1}'.ljust(1_048_576), "application/json", 200),
    ],
)
def test_a_body_is_a_json_text(
    client: TestClient, content: bytes, media_type: str | None, status: int
) -> None:
    """The wrong media type comes before malformed JSON, which no depth makes a failure."""
    headers = {} if media_type is None else {"content-type": media_type}
    response = client.post("/echo", content=content, headers=headers)
    assert response.status_code == status
    if status != 200:
        assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("app", ["tuned"], indirect=True)
@pytest.mark.parametrize("media_type", ["application/json", "text/plain"])
def test_a_body_has_at_most_one_mebibyte(client: TestClient, media_type: str) -> None:
    """One byte more is refused, whatever it is said to be."""
    headers = {"content-type": media_type}
    assert client.post("/echo", content=b" " * 1_048_577, headers=headers).status_code == 413


@pytest.mark.parametrize("app", ["tuned"], indirect=True)
def test_a_chunked_body_is_counted_as_it_comes(client: TestClient) -> None:
    """Without a Content-Length the limit holds as well."""

    def chunks() -> Iterator[bytes]:
        for _ in range(17):
            yield b" " * 65_536

    assert client.post("/echo", content=chunks(), headers=JSON).status_code == 413


def test_405_names_the_methods_of_all_routes_of_the_path(client: TestClient) -> None:
    """Each method is a route of its own; Allow gathers them."""
    for path, methods in (("/items/", {"GET", "POST"}), ("/items/1", {"DELETE", "GET", "PUT"})):
        assert set(client.patch(path).headers["allow"].split(", ")) - {"HEAD"} == methods
    assert client.get("/echo").json() == {
        "type": "about:blank",
        "title": "Method Not Allowed",
        "status": 405,
        "detail": "The method is not allowed for this resource.",
    }


@pytest.mark.parametrize("app", ["tuned"], indirect=True)
def test_head_answers_as_get(client: TestClient) -> None:
    """HEAD has the status and the headers of GET."""
    assert client.head("/ping").headers["content-length"] == "15"
    assert client.head("/items/1").status_code == 404


def test_readyz_reports_what_runs(client: TestClient) -> None:
    """The versions are those of the packages that service.toml lists, and Python's."""
    answer = client.get("/readyz").json()
    assert answer["status"] == "ok"
    assert {"python", "fastapi", "sqlalchemy"} <= answer["versions"].keys()


@pytest.mark.parametrize(
    ("app", "settings"),
    [
        ("standard", {"driver": "psycopg2", "server_threads": 20}),
        ("asynchronous", {"driver": "asyncpg"}),
        ("tuned", {"driver": "psycopg2", "server_threads": 20}),
    ],
    indirect=["app"],
)
def test_readyz_reports_the_settings_in_force(
    client: TestClient, settings: dict[str, object]
) -> None:
    """Read from the thread limiter, the application and the pool; a test has no server."""
    assert client.get("/readyz").json()["settings"] == {
        "debug": False,
        "pool_size": 20,
        "pool_overflow": 30,
        "pool_timeout_s": 60,
        "connection_check": True,
        "connection_max_age_s": 3600,
        **settings,
    }


def test_the_documentation_is_served(client: TestClient) -> None:
    """/docs answers, and the schema knows the body of a POST and hides the HEAD routes."""
    assert client.get("/docs").status_code == 200
    paths = client.get("/openapi.json").json()["paths"]
    assert set(paths["/items/"]) == {"get", "post"}
    assert "requestBody" in paths["/items/{item_id}"]["put"]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (OperationalError(None, None, Exception("secret")), 503),
        (OperationalError("SELECT 1", None, Exception("secret"), connection_invalidated=True), 503),
        (ConnectionRefusedError("secret"), 503),
        (PoolTimeoutError("secret"), 503),
        (ProgrammingError("SELECT 1", None, Exception("secret")), 500),
        (RuntimeError("secret"), 500),
    ],
)
def test_failures_tell_the_client_nothing_of_the_inside(error: Exception, status: int) -> None:
    """A database out of reach is 503, anything else 500; neither shows its cause."""
    app = FastAPI(exception_handlers=HANDLERS)

    @app.get("/")
    async def fail() -> None:
        raise error

    response = TestClient(app, raise_server_exceptions=False).get("/")
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert "secret" not in response.text


def test_the_drivers() -> None:
    """A bare postgresql:// address does not choose another one."""
    assert sync_engine.dialect.driver == "psycopg2"
    assert async_engine.dialect.driver == "asyncpg"


def test_models_and_migrations_agree(migrated: None, alembic_config: Config) -> None:
    """Alembic finds nothing left to migrate."""
    command.check(alembic_config)


def test_a_missing_database_url_is_one_sentence() -> None:
    """The service says what it misses, without a stack trace."""
    environment = {key: value for key, value in os.environ.items() if key != "DATABASE_URL"}
    run = subprocess.run(
        [sys.executable, "-m", "uvicorn", "app.standard.main:app"],
        cwd=SERVICE,
        env=environment,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert run.returncode == 1
    assert run.stderr.startswith("DATABASE_URL is not set")
    assert run.stderr.count("\n") == 1


def test_what_is_not_http_is_a_problem() -> None:
    """uvicorn's own answer to it is plain text."""
    protocol = ProblemProtocol(
        uvicorn.Config(tuned, http=ProblemProtocol, lifespan="off"),
        ServerState(),
        {},
        asyncio.new_event_loop(),
    )
    transport = Mock(asyncio.Transport)
    protocol.connection_made(transport)
    protocol.data_received(b"get /ping HTTP/1.1\r\n\r\n")
    [written] = transport.write.call_args.args
    head, _, body = written.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"content-type: application/problem+json" in head
    assert f"content-length: {len(body)}".encode() in head
    assert json.loads(body)["detail"] == "The request is not valid HTTP."
    transport.close.assert_called_once()
