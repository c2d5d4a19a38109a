"""make locust: what it leaves behind, what it prints, and how it ends."""

import json
import signal
import socket

import psutil
import pytest

from .conftest import Cli, eventually

QUICK = {"USERS": "6", "SPAWN_RATE": "10", "WAIT": "0.05-0.1", "RUN_TIME": "3"}


def test_a_run_of_locust_is_a_run(cli: Cli) -> None:
    """Record, cell, samples, Locust's reports; shown by report, and resumed like any other."""
    said = cli.run("locust", FRAMEWORK="flask", SHAPE="spike", **{**QUICK, "RUN_TIME": "2.5"})
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
    assert window["load"]["crowd"]["moments"]
    assert window["queries"]["statements"]
    names = {path.name for path in (run / "locust").iterdir()}
    assert {
        *("flask.html", "flask.json", "flask_stats.csv", "flask_stats_history.csv"),
        *("flask_failures.csv", "flask.log"),
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
    process = cli.spawn("locust", FRAMEWORK="flask", WORKERS="2", **{**QUICK, "RUN_TIME": "60"})
    lab = psutil.Process(process.pid)

    def locusts() -> list[psutil.Process]:
        found = []
        for one in lab.children(recursive=True):
            try:
                if "bench.load.people" in one.cmdline():
                    found.append(one)
            except psutil.Error:
                continue
        return found

    eventually(lambda: len(locusts()) == 3)
    seen = locusts()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    eventually(lambda: not any(one.is_running() for one in seen))
    (run,) = set(cli.runs()) - before
    assert json.loads((run / "run.json").read_text())["state"] == "interrupted"
    assert cli.left_running() == []


@pytest.mark.parametrize(
    ("verb", "variables", "code", "named"),
    [
        ("locust", {"USERS": "0"}, 2, "USERS"),
        ("locust", {"TARGET_HOST": "127.0.0.9"}, 1, "make up BIND="),
        ("locust-worker", {}, 2, "MASTER="),
        ("status", {"BIND": "0.0.0.0"}, 2, "BIND="),
    ],
)
def test_mistakes_are_named(cli: Cli, verb: str, variables: dict, code: int, named: str) -> None:
    """What was asked for wrongly is named, with its exit code."""
    assert named in cli.run(verb, expect=code, **variables)


def test_services_bound_elsewhere_are_used_from_elsewhere(cli: Cli) -> None:
    """make up BIND=, then users with TARGET_HOST=; the databases stay on 127.0.0.1."""
    cli.run("up", FRAMEWORK="drf", BIND="127.0.0.2")
    offset = int(cli.environment["PORT_OFFSET"])
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", 8001 + offset))
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", 5434 + offset))
    said = cli.run("locust", FRAMEWORK="drf", TARGET_HOST="127.0.0.2", **QUICK)
    assert "drf" in said
    (page,) = cli.results.glob("*/locust/drf.html")
    assert page.stat().st_size > 10_000
    cli.run("down", BIND="127.0.0.2")
    assert cli.left_running() == []
