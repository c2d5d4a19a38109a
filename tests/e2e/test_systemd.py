"""A day in the life of a lab under systemd. tests/systemd/ runs this beside a private manager."""

import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from .conftest import Cli, eventually

pytestmark = pytest.mark.skipif(
    os.environ.get("ONECORE_TEST_SUPERVISOR") != "systemd",
    reason="tests/systemd runs this beside a systemd of its own",
)


@pytest.fixture
def lab(cli: Cli) -> str:
    """What the units of this lab are called."""
    return f"onecore_{cli.environment['PORT_OFFSET']}"


def systemctl(*words: str) -> str:
    command = ("systemctl", "--user", "--no-pager", *words)
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def shown(unit: str, name: str) -> str:
    return systemctl("show", "--value", f"--property={name}", unit).strip()


def left_behind(lab: str) -> list[str]:
    """Units, unit files and cgroups of the lab."""
    units = systemctl("list-units", "--all", "--plain", "--no-legend", f"{lab}*").split("\n")
    files = Path(os.environ["XDG_RUNTIME_DIR"], "systemd/user").glob(f"{lab}*")
    cgroups = Path("/sys/fs/cgroup").rglob(f"{lab}*")
    return [*filter(None, units), *map(str, files), *map(str, cgroups)]


def main_pids(lab: str) -> Callable[[], dict[str, str]]:
    names = (f"{lab}-flask.service", f"{lab}-postgres@flask.service")
    return lambda: {name: shown(name, "MainPID") for name in names}


def test_up_bench_and_down(cli: Cli, lab: str) -> None:
    """Units are up, twice the same; a window's cost is the cgroup's; down leaves nothing at all."""
    pids = main_pids(lab)
    assert "onecore-flask" in cli.run("up", FRAMEWORK="flask")
    first = pids()
    assert "0" not in first.values()
    assert shown(f"{lab}.target", "ActiveState") == "active"
    cli.run("up", FRAMEWORK="flask")
    assert pids() == first

    cli.run("bench", FRAMEWORK="flask", WORKLOAD="read", ROUNDS="1")
    assert pids() == first, "what ran before the benchmark runs on"
    (run,) = cli.runs()
    record = json.loads((run / "run.json").read_text())
    assert record["supervisor"] == "systemd (user)"
    (cell,) = [json.loads(line) for line in (run / "rounds.jsonl").read_text().splitlines()]
    (window,) = cell["phases"]
    assert window["load"]["failures"] == {}
    used_s = int(shown(f"{lab}-flask.service", "CPUUsageNSec")) / 1e9
    assert 0 < window["app"]["cpu_s"] < used_s
    assert window["app"]["pressure"]["cpu_s"] >= 0
    assert "Booting worker" in (run / "logs" / "onecore-flask.log").read_text()
    assert "Supervisor: systemd (user)" in (run / "report.md").read_text()

    # A database that dies comes back by itself, and says that it did.
    os.kill(int(first[f"{lab}-postgres@flask.service"]), signal.SIGKILL)
    eventually(lambda: pids()[f"{lab}-postgres@flask.service"] not in ("0", *first.values()))
    eventually(lambda: "restarted 1 x" in cli.run("status"))

    assert "onecore-postgres-flask" in cli.run("down")
    assert left_behind(lab) == []
    assert cli.left_running() == []


def test_a_killed_benchmark_leaves_nothing_running(cli: Cli, lab: str) -> None:
    """kill -9 of the lab, frozen units included; then down has nothing but traces to remove."""
    process = cli.spawn("bench", FRAMEWORK="flask", WORKLOAD="ping", ROUNDS="20")
    eventually(
        lambda: (
            process.poll() is not None or any((run / "rounds.jsonl").exists() for run in cli.runs())
        )
    )
    assert process.poll() is None, process.communicate()
    postgres = int(shown(f"{lab}-postgres@flask.service", "MainPID"))
    systemctl("freeze", f"{lab}-flask.service")
    process.kill()
    process.communicate()
    eventually(lambda: not psutil.pid_exists(postgres) and cli.left_running() == [])
    cli.run("down")
    assert left_behind(lab) == []
