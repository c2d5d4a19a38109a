"""The contract smoke against a service that answers nonsense."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bench.analysis.diagnostics.collected import raised_diagnostics
from bench.database.admin import Admin
from bench.errors import LabError, TargetUnfit
from bench.experiment.verify import require_answers, verify
from bench.model import Site, Target
from bench.targets import known_targets

from .factories import cell, load_result, record


class NoDatabase(Admin):
    """Stands for a database that nobody may come to ask."""

    def __init__(self, *, table: bool = True) -> None:
        self.table_is_there = table

    def has_table(self) -> bool:
        return self.table_is_there


@contextmanager
def service(
    created: object, status: int = 201, media_type: str = "application/json"
) -> Iterator[Target]:
    """One that answers ping and echo well, and this to a new item."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.answer(200, b'{"status": "ok"}')

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            echoed = self.path == "/echo"
            if echoed:
                self.answer(200, body)
            else:
                text = created if isinstance(created, bytes) else json.dumps(created).encode()
                self.answer(status, text, media_type)

        def answer(self, status: int, body: bytes, media_type: str = "application/json") -> None:
            self.send_response(status)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield replace(known_targets()[0], http_port=server.server_port)
        server.shutdown()


@pytest.mark.parametrize(
    ("created", "said"),
    [
        ([], "an object"),
        (None, "an object"),
        ("7", "an object"),
        ({}, "the type of the created item's id"),
        ({"id": "7"}, "the type of the created item's id"),
        (b"<p>created</p>", "begins with b'<p>created</p>', the contract says an object"),
        (b"", "begins with b''"),
    ],
)
def test_an_answer_of_another_shape_makes_the_target_unfit(
    tmp_path: Path, created: object, said: str
) -> None:
    """It is told as a fault of the target, and the others are measured."""
    site = Site(tmp_path, tmp_path, tmp_path)
    with service(created) as target, pytest.raises(TargetUnfit, match=said):
        verify(site, target, NoDatabase())


def test_an_error_page_is_told_by_its_status(tmp_path: Path) -> None:
    """A framework's own page for a fault is no JSON; that it is a 500 is what matters."""
    site = Site(tmp_path, tmp_path, tmp_path)
    told = r"POST /items/ answered 500 \(text/html\), the contract says 201 \(application/json\)"
    with (
        service(b"<h1>Server Error</h1>", 500, "text/html") as target,
        pytest.raises(TargetUnfit, match=told),
    ):
        verify(site, target, NoDatabase())


def test_a_load_that_failed_is_told_by_whose_fault() -> None:
    """Nothing is told of a load with failed requests; a limit of the machine is named."""
    require_answers(load_result(100), "flask")
    with pytest.raises(LabError, match="flask: 3 requests failed: 3 x reset") as told:
        require_answers(load_result(100, failures={"reset": 3}), "flask")
    assert "make logs FRAMEWORK=flask" in told.value.remedy
    with pytest.raises(LabError, match="flask: 3 requests could not be sent") as told:
        require_answers(load_result(100, failures={"EMFILE": 3}), "flask")
    assert "make logs" not in told.value.remedy
    with pytest.raises(LabError, match="flask answered no request"):
        require_answers(load_result(0), "flask")


def test_a_removed_table_is_named_and_not_the_log(tmp_path: Path) -> None:
    """Its service answers 500 for ever: neither its log nor its migrations help."""
    site = Site(tmp_path, tmp_path, tmp_path)
    told = r"answered 500 .*: somebody has removed its table"
    with service({}, 500) as target, pytest.raises(TargetUnfit, match=told) as caught:
        verify(site, target, NoDatabase(table=False))
    assert "`make clean`" in caught.value.remedy
    unfit = replace(cell(), phases=(), unfit=caught.value.message, remedy=caught.value.remedy)
    [(found, _)] = raised_diagnostics(record(cells=(unfit,)))
    assert (found.code, found.remedy) == ("unfit", caught.value.remedy)
    assert found.message == f"flask was not measured: {caught.value.message}"
