"""make locust: what it leaves behind, what it prints, and how it ends."""

import json
import signal
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.request import urlopen

import psutil
import pytest

from .conftest import ANY, Cli, eventually, while_running

QUICK = {"USERS": "6", "SPAWN_RATE": "10", "WAIT": "0.05-0.1", "RUN_TIME": "3"}


def test_a_run_of_locust_is_a_run(cli: Cli) -> None:
    """Record, cell, samples, Locust's reports; shown by report, and resumed like any other."""
    said = cli.run("locust", FRAMEWORK=ANY.name, SHAPE="spike", **{**QUICK, "RUN_TIME": "2.5"})
    assert "shape spike" in said
    assert "Over time" in said
    (run,) = cli.runs()
    record = json.loads((run / "run.json").read_text())
    assert record["state"] == "complete"
    assert record["plan"]["pacing"]["kind"] == "users"
    (line,) = (run / "rounds.jsonl").read_text().splitlines()
    (window,) = json.loads(line)["phases"]
    assert window["load"]["failures"] == {}
    assert window["app"]["cpu_s"] > 0
    assert window["generator"]["cpu_s"] > 0
    assert window["generator"]["memory"]["pss_bytes"] > 0
    assert window["load"]["users"]["moments"]
    assert window["queries"]["statements"]
    names = {path.name for path in (run / "locust").iterdir()}
    assert {
        f"{ANY.name}{rest}"
        for rest in (
            *(".html", ".json", "_stats.csv", "_stats_history.csv"),
            *("_failures.csv", ".log"),
        )
    } <= names
    generator = [
        sample["cpu_s"]
        for sample in map(json.loads, (run / "samples.jsonl").read_text().splitlines())
        if sample["unit"] == "generator"
    ]
    assert generator
    assert generator == sorted(generator)
    assert "Over time" in cli.run("report")
    assert "is complete" in cli.run("bench", expect=2, RESUME=run.name)
    assert cli.left_running() == []


def test_interrupted_it_leaves_nothing_running(cli: Cli) -> None:
    """Ctrl-C while users are at work: the run says so, and every process ends."""
    before = set(cli.runs())
    process = cli.begin("locust", FRAMEWORK=ANY.name, WORKERS="2", **{**QUICK, "RUN_TIME": "60"})
    lab = psutil.Process(process.pid)

    def locusts() -> list[psutil.Process]:
        found = []
        for child in lab.children(recursive=True):
            try:
                if "bench.load.users" in child.cmdline():
                    found.append(child)
            except psutil.Error:
                continue
        return found

    eventually(lambda: len(locusts()) == 3)
    seen = locusts()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    eventually(lambda: not any(locust.is_running() for locust in seen))
    (run,) = set(cli.runs()) - before
    assert json.loads((run / "run.json").read_text())["state"] == "interrupted"
    assert cli.left_running() == []


class HalfBroken(BaseHTTPRequestHandler):
    """Lists nothing, and fails whatever else it is asked."""

    protocol_version = "HTTP/1.1"

    def _say(self, status: int, body: bytes) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        self._say(200, b"[]")

    def do_POST(self) -> None:
        self._say(500, b"{}")

    def log_message(self, *_: object) -> None:
        """Nothing: what it was asked is not of interest."""


@pytest.fixture
def half_broken(cli: Cli) -> Iterator[dict[str, str]]:
    """Flask's service on another machine, and what a verb has to be told to use it."""
    port = 5000 + int(cli.environment["PORT_OFFSET"])
    server = ThreadingHTTPServer(("127.0.0.3", port), HalfBroken)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield {**QUICK, "FRAMEWORK": "flask", "TARGET_HOST": "127.0.0.3", "RUN_TIME": "1"}
    server.shutdown()
    server.server_close()


def test_a_run_of_services_elsewhere_goes_on_where_it_was_cut_short(
    cli: Cli, half_broken: dict
) -> None:
    """After Ctrl-C between two rounds, with the same command as any other run."""
    before = set(cli.runs())
    process = cli.begin("locust", ROUNDS="2", **half_broken)

    def lines() -> list[str]:
        found = [run / "rounds.jsonl" for run in set(cli.runs()) - before]
        return [line for path in found if path.exists() for line in path.read_text().splitlines()]

    while_running(process, lines)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    (run,) = set(cli.runs()) - before
    (first,) = lines()
    assert f"make bench RESUME={run.name}" in errors
    assert "requests failed" in cli.run("bench", expect=1, RESUME=run.name)
    assert lines()[0] == first
    assert [json.loads(line)["round"] for line in lines()] == [1, 2]
    assert json.loads((run / "run.json").read_text())["state"] == "complete"
    assert cli.left_running() == []


def test_failures_decide_the_exit_code_unless_they_are_put_up_with(
    cli: Cli, half_broken: dict
) -> None:
    """Their reasons are told either way, and what was seen is kept."""
    said = cli.run("locust", expect=1, **half_broken)
    assert "requests failed" in said
    assert "x status 500" in said
    said = cli.run("locust", MAX_FAIL="100000", **half_broken)
    assert "put up with (MAX_FAIL=100000)" in said
    latest = cli.runs()[-1]
    record = json.loads((latest / "run.json").read_text())
    assert (record["state"], record["plan"]["target_host"]) == ("complete", "127.0.0.3")
    (line,) = (latest / "rounds.jsonl").read_text().splitlines()
    (window,) = json.loads(line)["phases"]
    assert set(window["load"]["failures"]) == {"status 500"}
    assert "errors" in {diagnostic["code"] for diagnostic in window["diagnostics"]}
    assert (window["app"], window["database"]) == (None, None)
    assert window["generator"]["cpu_s"] > 0
    assert (latest / "locust" / "flask.html").stat().st_size > 10_000
    assert "services at 127.0.0.3" in (latest / "report.html").read_text()


SPAWNED = ("All users spawned", "Spawning is complete")
"""What Locust's master logs then: the second where a worker is slow to report its own."""


@pytest.fixture
def bound(cli: Cli) -> Iterator[dict[str, str]]:
    """A service where other machines would reach it. What a verb has to be told for that."""
    cli.run("up", FRAMEWORK=ANY.name, BIND="127.0.0.2")
    yield {"BIND": "127.0.0.2"}
    cli.run("down", BIND="127.0.0.2")
    assert cli.left_running() == []


def test_services_bound_elsewhere_are_used_from_elsewhere(cli: Cli, bound: dict) -> None:
    """A master and two workers on an address of their own use them, and one worker is killed:
    the others go on, and everybody is told. The databases stay on 127.0.0.1.
    """
    offset = int(cli.environment["PORT_OFFSET"])
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", ANY.http_port + offset))
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", ANY.database_port + offset))
    before = set(cli.results.glob(f"*/locust/{ANY.name}.log"))
    master = cli.begin(
        *("locust-master",),
        **{**QUICK, **bound, "FRAMEWORK": ANY.name, "WORKERS": "2", "RUN_TIME": "7"},
    )
    workers = [cli.begin("locust-worker", MASTER="127.0.0.2") for _ in range(2)]
    (victim,) = eventually(lambda: psutil.Process(workers[1].pid).children())
    (log,) = eventually(lambda: set(cli.results.glob(f"*/locust/{ANY.name}.log")) - before)
    while_running(master, lambda: any(line in log.read_text() for line in SPAWNED))
    victim.kill()
    said, errors = master.communicate(timeout=120)
    for worker in workers:
        worker.send_signal(signal.SIGINT)
        worker.communicate(timeout=60)
    assert master.returncode == 0, said + errors
    assert f"pid {victim.pid}" in said
    record = json.loads((log.parents[1] / "run.json").read_text())
    assert record["provenance"]["bind"] == "127.0.0.2"
    (line,) = (log.parents[1] / "rounds.jsonl").read_text().splitlines()
    users = json.loads(line)["phases"][0]["load"]["users"]
    assert victim.pid in {
        worker["pid"] for worker in users["workers"] if worker["lost_at_s"] is not None
    }
    assert sum(worker["requests"] for worker in users["workers"] if worker["pid"] != victim.pid) > 0
    assert "LOST after" in (log.parents[1] / "report.html").read_text()


def test_locusts_page_is_there_for_services_elsewhere(cli: Cli) -> None:
    """It starts none, offers the classes, and a mistake on the page ends the test with a line."""
    offset = int(cli.environment["PORT_OFFSET"])
    servers = [
        ThreadingHTTPServer(("127.0.0.3", port + offset), HalfBroken) for port in (8000, 5000, 8001)
    ]
    page = f"http://127.0.0.1:{8089 + offset}"
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    process = cli.begin("locust-ui", TARGET_HOST="127.0.0.3")

    def asked(path: str, data: bytes | None = None) -> str:
        try:
            return urlopen(page + path, data, timeout=10).read().decode()
        except OSError:
            return ""

    try:
        assert "FlaskUser" in eventually(lambda: asked("/"))
        form = b"user_count=1&spawn_rate=1&user_classes=FlaskUser&wait=bogus"
        assert "true" in asked("/swarm", form)
        eventually(lambda: json.loads(asked("/stats/requests"))["state"] == "stopped")
    finally:
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
        for server in servers:
            server.shutdown()
            server.server_close()
    assert "WAIT=bogus is no pause" in errors
    assert "Traceback" not in errors
