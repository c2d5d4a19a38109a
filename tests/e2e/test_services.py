"""make up, status, logs, psql and down."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Sequence

import psutil
import pytest

from bench.model import Target
from bench.targets import default_targets, known_targets

from .conftest import ANY, PATIENCE_S, ROOT, Cli, eventually

KNOWN = known_targets()
USUAL = default_targets(KNOWN)


def pids(cli: Cli) -> dict[str, int]:
    records = cli.state.glob("*/run/*.json")
    return {path.stem: json.loads(path.read_text())["pid"] for path in records}


def units_of(targets: Sequence[Target]) -> set[str]:
    """Apps, and the databases of their frameworks."""
    apps = {f"onecore-{target.name}" for target in targets}
    return apps | {f"onecore-postgres-{target.framework}" for target in targets}


def test_up_twice_then_down_twice(cli: Cli) -> None:
    """The second up finds everything running, the second down finds nothing; no process stays."""
    shown = cli.run("up")
    for target in USUAL:
        assert f"onecore-{target.name}" in shown
        assert target.database_name in shown
    first = pids(cli)
    assert set(first) == units_of(USUAL)
    cli.run("up")
    assert pids(cli) == first
    told = cli.run("status")
    assert told.count("running") == len(units_of(USUAL))
    assert all(name in told for name in units_of(KNOWN)), "what does not run is shown as well"
    assert "onecore-postgres-drf" in cli.run("down")
    assert "Nothing was running" in cli.run("down")
    assert cli.left_running() == []
    assert cli.run("status").count("stopped") == len(units_of(KNOWN))


def test_targets_of_one_framework_share_its_database(cli: Cli) -> None:
    """Any two of them run side by side, on one PostgreSQL, and each sees its own rows."""
    of_framework: dict[str, list[Target]] = {}
    for target in KNOWN:
        of_framework.setdefault(target.framework, []).append(target)
    first, second = next(each for each in of_framework.values() if len(each) > 1)[:2]
    shown = cli.run("up", FRAMEWORK=f"{first.name},{second.name}")
    assert set(pids(cli)) == units_of((first, second))
    assert first.mode in shown
    offset = int(cli.environment["PORT_OFFSET"])
    body = json.dumps({"name": "mine", "price": 1}).encode()
    address = f"http://127.0.0.1:{first.http_port + offset}/items/"
    request = urllib.request.Request(address, body, {"Content-Type": "application/json"})
    urllib.request.urlopen(request).close()
    theirs = urllib.request.urlopen(f"http://127.0.0.1:{second.http_port + offset}/items/")
    assert json.load(theirs) == []
    cli.run("down")


def test_a_choice_is_made_by_mode_or_by_name(cli: Cli) -> None:
    """What contradicts itself is a mistake, told with its remedy."""
    mode = KNOWN[-1].mode
    of_mode = [target for target in KNOWN if target.mode == mode]
    shown = cli.run("status", MODE=mode)
    assert shown.count("stopped") == len(units_of(of_mode))
    assert "Known modes" in cli.run("up", expect=2, MODE="fast")
    other = next(name for name in ("standard", "tuned", "engine") if name != mode)
    said = cli.run("bench", expect=2, MODE=other, FRAMEWORK=KNOWN[-1].name)
    assert f"{KNOWN[-1].name} is {mode}" in said


def test_where_nothing_runs_it_is_said_what_to_do(cli: Cli) -> None:
    """watch shows what is stopped, psql and logs name what they need."""
    nothing = cli.run("watch")
    assert nothing.count("stopped") == len(units_of(KNOWN))
    assert "make up" in nothing
    assert "make up" in cli.run("psql", expect=1, FRAMEWORK="flask")
    assert "which one framework" in cli.run("psql", expect=2)
    assert "which one framework" in cli.run("logs", expect=2, FRAMEWORK="flask,drf")


def test_a_taken_port_is_named_and_nothing_stays(cli: Cli) -> None:
    """Another server on FastAPI's port: who holds it, what to do, and a clean retreat."""
    port = 8000 + int(cli.environment["PORT_OFFSET"])
    with socket.create_server(("127.0.0.1", port)):
        said = cli.run("up", expect=1, FRAMEWORK="fastapi")
    assert f"port {port}" in said
    assert f"pid {os.getpid()}" in said
    assert "PORT_OFFSET" in said
    assert cli.left_running() == []


# --- with one framework up: the first of these brings it up, the last one cleans up after all


@pytest.fixture(scope="module")
def alone(cli: Cli) -> Cli:
    """One service and its database are up, as by `make up | cat`: neither holds the pipe."""
    process = cli.spawn("up", FRAMEWORK=ANY.name)
    told = "".join(process.communicate(timeout=PATIENCE_S))
    assert process.returncode == 0, told
    return cli


def test_one_framework_alone(alone: Cli) -> None:
    """FRAMEWORK= with one name brings up that service and its database, nothing else."""
    assert set(pids(alone)) == {f"onecore-{ANY.name}", f"onecore-postgres-{ANY.name}"}
    assert "gunicorn" in alone.run("logs", FRAMEWORK=ANY.name).lower()


def test_watch_shows_what_runs_once_where_there_is_no_terminal(alone: Cli) -> None:
    """One plain table: use of CPU and memory of what runs."""
    shown = alone.run("watch", FRAMEWORK=ANY.name)
    assert shown.count("running") == 2
    assert "\x1b" not in shown
    database = next(line.split() for line in shown.splitlines() if f"postgres-{ANY.name}" in line)
    cpu_percent, megabytes, transactions = (float(word) for word in database[-3:])
    assert cpu_percent >= 0
    assert megabytes > 1
    assert transactions >= 0
    assert alone.left_running() != []


def test_a_database_killed_with_9_is_named_and_comes_back(alone: Cli) -> None:
    """status says failed; up starts it again with its data."""
    port = ANY.http_port + int(alone.environment["PORT_OFFSET"])
    body = json.dumps({"name": "kept", "price": 1}).encode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/items/", body, {"Content-Type": "application/json"}
    )
    item_id = json.load(urllib.request.urlopen(request))["id"]
    postmaster = psutil.Process(pids(alone)[f"onecore-postgres-{ANY.name}"])
    workers = postmaster.children()
    os.kill(postmaster.pid, signal.SIGKILL)
    psutil.wait_procs([postmaster, *workers], timeout=30)
    eventually(lambda: "failed" in alone.run("status"))
    alone.run("up", FRAMEWORK=ANY.name)
    answer = json.load(urllib.request.urlopen(f"http://127.0.0.1:{port}/items/{item_id}"))
    assert answer["name"] == "kept"


def test_psql_asks_for_no_password_and_shows_none(alone: Cli) -> None:
    """psql logs in as the service's user."""
    done = subprocess.run(
        [sys.executable, "-m", "bench", "psql"],
        env={**alone.environment, "FRAMEWORK": ANY.name},
        input="select current_user, current_database();",
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    assert "testuser" in done.stdout
    assert ANY.database_name in done.stdout


def test_clean_removes_everything_but_results(alone: Cli) -> None:
    """After clean there are no databases and no passwords; results stay."""
    alone.results.mkdir(exist_ok=True)
    (alone.results / "kept").touch()
    alone.run("clean")
    assert alone.left_running() == []
    assert not list(alone.state.rglob("pgpass"))
    assert (alone.results / "kept").exists()
