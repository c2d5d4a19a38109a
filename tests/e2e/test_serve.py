"""make serve: the files in results/, its index among them, and nothing else."""

import http.client
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bench.store import RunStore
from tests.unit.factories import cell, plan, record

from .conftest import Cli

OLD, NEW, TORN = "20261101-080000", "20261102-080000", "20261103-080000"


@pytest.fixture(scope="module")
def results(cli: Cli) -> Path:
    """Two runs, a torn one, a page, a hidden file, and links that lead out."""
    for run_id, targets in ((OLD, ("flask",)), (NEW, ("drf",))):
        store = RunStore(cli.results / run_id)
        store.create()
        store.write_record(replace(record(run_id=run_id, plan=plan(targets=targets)), cells=()))
        store.append_cells((cell(1, targets[0]),))
    (cli.results / TORN).mkdir()
    (cli.results / TORN / "run.json").write_text('{"schema')
    (cli.results / NEW / "report.html").write_text("<!doctype html><p>the page</p>")
    (cli.results / NEW / ".hidden").write_text("hidden")
    (cli.results / NEW / "rounds.parquet").write_bytes(b"PAR1")
    (cli.results.parent / "outside.txt").write_text("outside")
    (cli.results / NEW / "link.txt").symlink_to(cli.results.parent / "outside.txt")
    (cli.results / NEW / "folder").symlink_to(cli.results.parent)
    return cli.results


@pytest.fixture(scope="module")
def server(cli: Cli, results: Path) -> Iterator[subprocess.Popen[str]]:
    process = cli.spawn("serve", SERVE_PORT="0")
    yield process
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)


@pytest.fixture(scope="module")
def port(server: subprocess.Popen[str]) -> int:
    assert server.stdout is not None
    said = server.stdout.readline()
    found = re.search(r"http://127\.0\.0\.1:(\d+)/", said)
    assert found, said
    return int(found[1])


def ask(port: int, path: str, method: str = "GET", host: str = "127.0.0.1") -> tuple[int, str, str]:
    """Status, content type and body; the path is sent as it is."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.putrequest(method, path, skip_host=True)
    connection.putheader("Host", f"{host}:{port}")
    connection.endheaders()
    answer = connection.getresponse()
    body = answer.read().decode(errors="replace")
    connection.close()
    return answer.status, answer.getheader("Content-Type", ""), body


def test_the_index_lists_runs_newest_first_the_torn_one_too(port: int) -> None:
    """What cannot be read is told with its reason, not hidden."""
    status, kind, body = ask(port, "/")
    assert (status, kind) == (200, "text/html; charset=utf-8")
    assert body.index(TORN) < body.index(NEW) < body.index(OLD)
    assert "is torn, or no JSON" in body


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (f"/{NEW}/report.html", "text/html; charset=utf-8"),
        (f"/{NEW}/run.json", "application/json"),
        (f"/{NEW}/rounds.jsonl", "text/plain; charset=utf-8"),
        (f"/{NEW}/rounds.parquet", "application/vnd.apache.parquet"),
    ],
)
def test_files_have_their_content_types(port: int, path: str, kind: str) -> None:
    """Each file is served as what it is."""
    assert ask(port, path)[:2] == (200, kind)


@pytest.mark.parametrize(
    "path",
    [
        "/../outside.txt",
        "/%2e%2e/outside.txt",
        "/..%2foutside.txt",
        f"/{NEW}/../../outside.txt",
        f"/{NEW}/%2e%2e/%2e%2e/outside.txt",
        f"/{NEW}/link.txt",
        f"/{NEW}/folder/outside.txt",
        f"/{NEW}/.hidden",
        "//etc/passwd",
        "/%2e%2e/",
        "/%00",
        f"/{NEW}/",
        "/nope/",
        "/nope",
    ],
)
def test_nothing_outside_is_served(port: int, path: str) -> None:
    """Neither dots, encoded or not, nor links lead out of the folder; hidden files stay hidden."""
    status, _, body = ask(port, path)
    assert status == 404
    assert "outside" not in body


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["/", f"/{NEW}/", f"/{NEW}/run.json"])
def test_it_only_reads(port: int, results: Path, method: str, path: str) -> None:
    """Any method that would change something is 405."""
    assert ask(port, path, method)[0] == 405
    assert (results / NEW / "run.json").exists()


def test_another_name_for_this_address_is_refused(port: int) -> None:
    """A page elsewhere whose name points here would read the results otherwise."""
    assert ask(port, "/", host="evil.example")[0] == 400
    assert ask(port, "/", host="localhost")[0] == 200


def test_it_listens_on_this_machine_alone(port: int) -> None:
    """127.0.0.1 and nothing else: the same port on another address of the loopback is free."""
    with socket.create_server(("127.0.0.2", port)):
        pass


def test_a_taken_port_is_named(cli: Cli, port: int) -> None:
    """The message names the port and the variable that moves it."""
    said = cli.run("serve", expect=1, SERVE_PORT=str(port))
    assert f"port {port} is taken" in said
    assert "SERVE_PORT=" in said


def test_a_number_that_is_no_port_is_a_mistake(cli: Cli) -> None:
    """A port out of range is a mistake of the user's: exit code 2."""
    assert "not a port" in cli.run("serve", expect=2, SERVE_PORT="70000")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_when_it_is_told_to(cli: Cli, results: Path, number: signal.Signals) -> None:
    """Also while a browser keeps a connection open; exit code 0, and the port is free again."""
    process = cli.spawn("serve", SERVE_PORT="0")
    assert process.stdout is not None
    found = re.search(r":(\d+)/", process.stdout.readline())
    assert found
    with socket.create_connection(("127.0.0.1", int(found[1]))) as kept:
        kept.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert kept.recv(15) == b"HTTP/1.1 200 OK"
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert "Stopped." in out
    assert "Traceback" not in err


def test_history_is_written_beside_the_runs(cli: Cli, results: Path) -> None:
    """make history: the torn run is told and left out; the page stands in results/."""
    said = cli.run("history", RUN=OLD)
    assert "Too few runs" in said
    assert "left out" in said
    assert "<h1>History of" in (results / "history.html").read_text()
    assert "there is no run" in cli.run("history", expect=2, RUN="19990101-000000")
