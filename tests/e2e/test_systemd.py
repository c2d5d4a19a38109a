"""A day in the life of a lab under systemd. tests/systemd/ runs this beside a private manager."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from bench.targets import default_targets, known_targets

from .conftest import ANY, PATIENCE_S, ROOT, Cli, eventually, while_running

# Each is named like its framework, and so is its database's unit.
NAMES = tuple(target.name for target in default_targets(known_targets()))
KINDS = ("app", "postgres")

pytestmark = pytest.mark.skipif(
    os.environ.get("ONECORE_TEST_SUPERVISOR") != "systemd",
    reason="tests/systemd runs this beside a systemd of its own",
)


@pytest.fixture
def lab(cli: Cli) -> Iterator[str]:
    """What the units of this lab are called. A test that fails leaves none for the next one."""
    yield f"onecore_{cli.environment['PORT_OFFSET']}"
    cli.run("down")


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


def namespace(process: str) -> Path:
    return Path(f"/proc/{process}/ns/user").readlink()


def make(cli: Cli, *words: str) -> subprocess.Popen[str]:
    """What a user types, with this Python instead of one that make prepares."""
    process = subprocess.Popen(
        ["make", "--no-print-directory", *words, f"ONECORE_PYTHON={sys.executable}"],
        cwd=ROOT,
        env=cli.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    cli.running.append(process)
    return process


def made(process: subprocess.Popen[str]) -> str:
    out, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, out
    return out


def test_the_managers_environment_reaches_no_service(cli: Cli, lab: str) -> None:
    """What `systemctl set-environment` says is taken away; what an administrator's drop-in adds is
    refused with its name and its file.
    """
    variables = ("WEB_CONCURRENCY=4", "PGPASSWORD=x", "http_proxy=http://127.0.0.1:9")
    unit = f"{lab}-app@{ANY.name}.service"
    drop_in = Path.home() / f".config/systemd/user/{unit}.d/99-mine.conf"
    systemctl("set-environment", *variables)
    try:
        cli.run("up", FRAMEWORK=ANY.name)
        environment = psutil.Process(int(shown(unit, "MainPID"))).environ()
        assert not {variable.partition("=")[0] for variable in variables} & {*environment}
        cli.run("down")
        systemctl("unset-environment", *(variable.partition("=")[0] for variable in variables))
        drop_in.parent.mkdir(parents=True)
        drop_in.write_text("[Service]\nEnvironment=WEB_CONCURRENCY=4\n")
        told = cli.run("up", FRAMEWORK=ANY.name, expect=1)
        assert "runs with WEB_CONCURRENCY" in told
        assert str(drop_in) in told
    finally:
        systemctl("unset-environment", *(variable.partition("=")[0] for variable in variables))
        shutil.rmtree(drop_in.parent, ignore_errors=True)
    assert left_behind(lab) == []


def test_a_unit_file_edited_by_hand_is_noticed(cli: Cli, lab: str) -> None:
    """`up` again gives it its own text and new processes; an untouched one goes on."""
    unit = f"{lab}-app@{ANY.name}.service"
    cli.run("up", FRAMEWORK=ANY.name)
    try:
        first, file = shown(unit, "MainPID"), Path(shown(unit, "FragmentPath"))
        cli.run("up", FRAMEWORK=ANY.name)
        assert shown(unit, "MainPID") == first
        text = file.read_text()
        file.write_text(text.replace("[Service]", "[Service]\nNice=5"))
        cli.run("up", FRAMEWORK=ANY.name)
        assert shown(unit, "MainPID") != first
        assert file.read_text() == text
    finally:
        cli.run("down")


def test_up_bench_and_down(cli: Cli, lab: str, request: pytest.FixtureRequest) -> None:
    """The default targets by make: sandboxed units, the others frozen while one is measured in a
    window of its own, a cost from the cgroup, and nothing at all left in the end.
    """
    units = [f"{lab}-{kind}@{name}.service" for name in NAMES for kind in KINDS]
    drop_in = Path.home() / f".config/systemd/user/{lab}-app@flask.service.d/99-mine.conf"
    drop_in.parent.mkdir(parents=True)
    drop_in.write_text("[Unit]\nDescription=An administrator's own words\n")
    request.addfinalizer(lambda: shutil.rmtree(drop_in.parent))
    told = made(make(cli, "up"))
    assert all(f"onecore-{name}" in told for name in NAMES)
    first = {unit: shown(unit, "MainPID") for unit in units}
    assert "0" not in first.values()
    assert shown(f"{lab}.target", "ActiveState") == "active"
    for unit in units:
        assert shown(unit, "ProtectSystem") == "strict"
        assert namespace(first[unit]) != namespace("self")
    # Who cannot reach the manager does not take the lab for one that is down.
    elsewhere = {"XDG_RUNTIME_DIR": "", "SUPERVISOR": "process"}
    assert "cannot be reached" in cli.run("clean", expect=1, **elsewhere)
    made(make(cli, "up"))

    # An open loop has windows: in turns nobody is frozen.
    bench = make(cli, "bench", "WORKLOAD=read", "RATE=200", "ROUNDS=1", "PROFILE=quick")
    alone: set[str] = set()
    while_running(bench, lambda: alone.update(not_frozen(lab)) or len(alone) == len(NAMES), 0.3)
    told, _ = bench.communicate(timeout=PATIENCE_S)
    after = {unit: shown(unit, "MainPID") for unit in units}
    assert "0" not in after.values(), "they run on"
    assert [unit for unit in units if after[unit] == first[unit]] == [
        unit for unit in units if "postgres" in unit
    ], "apps have new processes for a run"
    assert {shown(unit, "FreezerState") for unit in units} == {"running"}

    (run,) = cli.runs()
    # A busy machine may hold up the generator: that is told, and none of what is tested here.
    assert bench.returncode == 0 or invalid_codes(run) <= {"late-sending", "unsent"}, told
    record = json.loads((run / "run.json").read_text())
    assert record["state"] == "complete"
    assert record["supervisor"] == "systemd (user)"
    assert record["provenance"]["machine"]["tuned"] == []
    assert record["provenance"]["overrides"] == {"onecore-flask": [str(drop_in)]}
    assert "unit-overridden" in {diagnostic["code"] for diagnostic in record["diagnostics"]}
    cells = [json.loads(line) for line in (run / "rounds.jsonl").read_text().splitlines()]
    assert sorted(cell["target"] for cell in cells) == sorted(NAMES)
    for cell in cells:
        window, *_ = cell["phases"]
        assert window["load"]["failures"] == {}
        used_s = int(shown(f"{lab}-app@{cell['target']}.service", "CPUUsageNSec")) / 1e9
        assert 0 < window["app"]["cpu_s"] < used_s
        assert window["app"]["pressure"]["cpu_s"] >= 0
    assert "Booting worker" in (run / "logs" / "onecore-flask.log").read_text()
    assert "Supervisor: systemd (user)" in (run / "report.md").read_text()

    # A database that dies comes back by itself, and says that it did.
    database = f"{lab}-postgres@flask.service"
    os.kill(int(first[database]), signal.SIGKILL)
    eventually(lambda: shown(database, "MainPID") not in ("0", first[database]), 0.3)
    eventually(lambda: "ended by itself once" in cli.run("status"), 0.5)

    assert "onecore-postgres-flask" in made(make(cli, "down"))
    assert left_behind(lab) == []
    assert cli.left_running() == []


def invalid_codes(run: Path) -> set[str]:
    """Why windows of a run may not be used."""
    cells = [json.loads(line) for line in (run / "rounds.jsonl").read_text().splitlines()]
    return {
        diagnostic["code"]
        for cell in cells
        for window in cell["phases"]
        for diagnostic in window["diagnostics"]
        if diagnostic["severity"] == "invalid"
    }


def not_frozen(lab: str) -> list[str]:
    """The one framework that runs while all others with their databases are frozen, or none."""
    units = [(name, f"{lab}-{kind}@{name}.service") for name in NAMES for kind in KINDS]
    # One question for all: it is asked again and again beside what is measured.
    states = systemctl("show", "--value", "--property=FreezerState", *(unit for _, unit in units))
    pairs = zip(units, states.split(), strict=True)
    running = sorted({name for (name, _), state in pairs if state == "running"})
    return running if len(running) == 1 else []


def test_a_killed_benchmark_leaves_nothing_running(cli: Cli, lab: str) -> None:
    """kill -9 of the lab, frozen units included; then down has nothing but traces to remove."""
    before = cli.runs()
    process = cli.begin("bench", FRAMEWORK=ANY.name, WORKLOAD="ping", ROUNDS="20")
    while_running(
        process,
        lambda: any((run / "rounds.jsonl").exists() for run in cli.runs() if run not in before),
    )
    assert shown(f"{lab}-guard.service", "ActiveState") == "active", "they end with the benchmark"
    postgres = int(shown(f"{lab}-postgres@{ANY.name}.service", "MainPID"))
    systemctl("freeze", f"{lab}-app@{ANY.name}.service")
    process.kill()
    process.communicate()
    eventually(lambda: not psutil.pid_exists(postgres) and cli.left_running() == [])
    cli.run("down")
    assert left_behind(lab) == []
