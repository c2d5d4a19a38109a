"""make bench: what it measures, what it leaves behind, and how it ends."""

import json
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from .conftest import ANY, PATIENCE_S, ROOT, Cli, Running, eventually, while_running


@pytest.fixture
def fresh(cli: Cli) -> Cli:
    """No run of an earlier test in sight."""
    for run in cli.runs():
        run.rename(cli.results / f".{run.name}")
        (cli.results / f".{run.name}" / "run.json").rename(cli.results / f".{run.name}" / "old")
    return cli


def cells(run: Path) -> list[dict]:
    path = run / "rounds.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@dataclass(frozen=True)
class Finished:
    """A run of one framework that several tests look at, and what was printed of it."""

    folder: Path
    said: str
    left_running: list[str]


@pytest.fixture(scope="module")
def finished(cli: Cli) -> Finished:
    """The first run of this module: the latest one until another test measures."""
    said = cli.run("bench", FRAMEWORK="drf", WORKLOAD="crud,read", ROUNDS="1", REQUESTS="60")
    left_running = cli.left_running()
    (folder,) = cli.runs()
    return Finished(folder, said, left_running)


def test_one_framework_is_measured_and_no_other(finished: Finished) -> None:
    """FRAMEWORK=drf: only DRF in the run, the scenario in four phases, nothing left running."""
    run = finished.folder
    assert {cell["target"] for cell in cells(run)} == {"drf"}
    (crud,) = [cell for cell in cells(run) if cell["workload"] == "crud"]
    assert [window["phase"] for window in crud["phases"]] == ["create", "read", "update", "delete"]
    for window in crud["phases"]:
        assert window["load"]["succeeded"] == 60
        assert window["load"]["failures"] == {}
        assert window["app"]["cpu_s"] > 0
        assert window["database"]["memory"]["pss_bytes"] > 0
    assert "60/60" in finished.said
    assert finished.left_running == []


def test_what_a_run_leaves_behind(finished: Finished) -> None:
    """Record, rounds, samples, logs, report and the classic log; provenance from what ran."""
    run = finished.folder
    found = {path.name for path in run.iterdir()}
    assert {
        "run.json",
        "rounds.jsonl",
        "samples.jsonl",
        "logs",
        "report.md",
        "report.html",
    } <= found
    (log,) = run.glob("api_benchmark_*.log")
    assert "DRF read =>" in log.read_text()
    assert (run / "logs" / "onecore-postgres-drf.log").exists()
    record = json.loads((run / "run.json").read_text())
    assert record["state"] == "complete"
    assert record["provenance"]["services"]["drf"]["django"]
    assert record["provenance"]["databases"]["drf"]["fsync"] == "on"
    assert record["placement"]["app"]
    units = {json.loads(line)["unit"] for line in (run / "samples.jsonl").read_text().splitlines()}
    assert units == {"onecore-drf", "onecore-postgres-drf", "generator"}


def test_no_secret_is_stored_with_a_run(cli: Cli, finished: Finished) -> None:
    """Whoever gets a results folder gets no password."""
    files = (path for path in finished.folder.rglob("*") if path.is_file())
    stored = b"".join(path.read_bytes() for path in files)
    secrets = list(cli.state.glob("*/secrets/*"))
    assert secrets
    for path in secrets:
        secret = path.read_text().strip().rpartition(":")[2]
        assert secret.encode() not in stored


def test_report_renders_a_run_again(cli: Cli, finished: Finished) -> None:
    """make report shows the latest run, or the named one, without measuring anything."""
    run = finished.folder
    (run / "report.md").unlink()
    assert run.name in cli.run("report")
    assert "| read" in (run / "report.md").read_text()
    assert "there is no run" in cli.run("report", expect=2, RUN="19990101-000000")
    cli.run("report", FORMAT="csv,parquet,svg")
    assert {"rounds.csv", "rounds.parquet", "plots"} <= {path.name for path in run.iterdir()}
    assert "html, md, csv" in cli.run("report", expect=2, FORMAT="pdf")


def test_a_mistake_is_named_with_exit_code_2(cli: Cli) -> None:
    """What does not exist is told together with what does, before anything starts.

    `tests/unit/test_mistakes.py` has the others.
    """
    assert "Known frameworks: fastapi" in cli.run("bench", expect=2, FRAMEWORK="nope")


def test_a_mistyped_make_variable_is_refused(cli: Cli) -> None:
    """`make bench FRAMEWROK=drf` must not measure everything."""
    done = subprocess.run(
        ["make", "bench", "FRAMEWROK=drf"],
        cwd=ROOT,
        env={**cli.environment, "ONECORE_PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "there is no variable FRAMEWROK" in done.stderr


LONG = {"FRAMEWORK": ANY.name, "WORKLOAD": "ping", "ROUNDS": "20"}


def await_a_cell(cli: Cli, process: Running) -> None:
    """Wait until at least one is finished."""
    while_running(process, lambda: any(map(cells, cli.runs())))


def start_long_run(cli: Cli) -> Running:
    """A run of many cells of which at least one is finished."""
    process = cli.begin("bench", **LONG)
    await_a_cell(cli, process)
    return process


def test_one_bench_at_a_time_and_ctrl_c_keeps_its_cells(fresh: Cli) -> None:
    """A second one would be measured by the first: it is refused, and harms nothing. After Ctrl-C
    finished cells stay, no process stays, and the message says how to go on.
    """
    process = start_long_run(fresh)
    assert "another measurement" in fresh.run("bench", expect=1, FRAMEWORK=ANY.name)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130, out + err
    (run,) = fresh.runs()
    kept = len(cells(run))
    assert kept > 0
    assert f"make bench RESUME={run.name}" in err
    assert json.loads((run / "run.json").read_text())["state"] == "interrupted"
    assert fresh.left_running() == []


def test_kill_9_leaves_nothing_running_and_the_run_can_be_finished(fresh: Cli) -> None:
    """The services die with the lab; RESUME measures exactly what is missing, in the order it
    was planned, and tells of a torn line.
    """
    process = fresh.begin("bench", FRAMEWORK=ANY.name, WORKLOAD="ping", ROUNDS="4")
    await_a_cell(fresh, process)
    process.kill()
    process.communicate()
    eventually(lambda: fresh.left_running() == [])
    (run,) = fresh.runs()
    before = cells(run)
    assert 0 < len(before) < 4
    with (run / "rounds.jsonl").open("a") as file:
        file.write('{"round": 2, "tar')
    assert "torn" in fresh.run("bench", RESUME=run.name)
    lines = (run / "rounds.jsonl").read_text().splitlines()
    torn = lines.pop(len(before))
    assert torn == '{"round": 2, "tar'
    after = [json.loads(line) for line in lines]
    assert after[: len(before)] == before
    assert [cell["round"] for cell in after] == [1, 2, 3, 4]
    assert json.loads((run / "run.json").read_text())["state"] == "complete"
    assert "complete" in fresh.run("bench", expect=2, RESUME=run.name)


def test_a_generator_that_is_killed_is_told_with_what_goes_on(fresh: Cli) -> None:
    """As by the kernel, when memory runs out: the run has failed, and can be resumed."""
    process = start_long_run(fresh)
    children = psutil.Process(process.pid).children(recursive=True)
    (generator,) = (child for child in children if "bench.load" in child.cmdline())
    generator.kill()
    out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 1, out + err
    (run,) = fresh.runs()
    assert "dmesg" in err
    assert f"make bench RESUME={run.name}" in err
    assert "Traceback" not in err
    assert json.loads((run / "run.json").read_text())["state"] == "failed"
    assert fresh.left_running() == []


def test_ctrl_c_while_the_report_is_written_tells_how_to_write_it(fresh: Cli) -> None:
    """The run is complete: nothing is to be measured again."""
    process = fresh.spawn("bench", FRAMEWORK=ANY.name, WORKLOAD="ping", ROUNDS="1")
    assert process.stdout is not None
    table = next(line for line in process.stdout if line.strip() == "Use")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130, table + out + err
    (run,) = fresh.runs()
    assert f"make report RUN={run.name}" in err
    assert "RESUME" not in err
    assert json.loads((run / "run.json").read_text())["state"] == "complete"
    fresh.run("report", RUN=run.name)
    assert (run / "report.html").exists()


def test_a_reader_that_goes_away_interrupts(fresh: Cli) -> None:
    """As in `make bench | head`: what is finished is kept, and how to go on is said."""
    process = fresh.spawn("bench", **LONG)
    await_a_cell(fresh, process)
    assert process.stdout is not None
    process.stdout.close()
    err = process.stderr.read() if process.stderr else ""
    assert process.wait(timeout=PATIENCE_S) == 130, err
    (run,) = fresh.runs()
    assert f"make bench RESUME={run.name}" in err
    assert "BrokenPipe" not in err
    assert json.loads((run / "run.json").read_text())["state"] == "interrupted"
    assert fresh.left_running() == []


def test_what_is_refused_leaves_no_run(fresh: Cli) -> None:
    """A rate that the generator cannot keep is a mistake, and no empty folder stays of it."""
    before = set(fresh.results.glob("*"))
    said = fresh.run("bench", expect=2, FRAMEWORK=ANY.name, WORKLOAD="ping", RATE="100000")
    assert "cannot keep 100000" in said
    assert set(fresh.results.glob("*")) == before
    assert fresh.left_running() == []


def test_services_that_were_up_stay_up(fresh: Cli) -> None:
    """A bench beside `make up` measures what runs, and leaves it running and thawed."""
    fresh.run("up", FRAMEWORK=f"{ANY.name},asgi")
    fresh.run("bench", FRAMEWORK=ANY.name, WORKLOAD="ping", ROUNDS="1")
    assert fresh.run("status").count("running") == 4
    fresh.run("down")


def test_an_app_that_dies_is_not_the_end(fresh: Cli) -> None:
    """Killed in its cell: what that lost is told, every cell is accounted for, later ones are
    measured, nothing is left running.
    """
    process = fresh.begin("bench", FRAMEWORK=f"{ANY.name},asgi", WORKLOAD="ping", ROUNDS="3")

    def killed() -> bool:
        """Whether cells were being measured, it was this target's turn, and it is dead now."""
        (record,) = list(fresh.state.glob(f"*/run/onecore-{ANY.name}.json")) or [None]
        if record is None or not any(map(cells, fresh.runs())):
            return False
        app = psutil.Process(json.loads(record.read_text())["pid"])
        if app.status() == psutil.STATUS_STOPPED:
            return False
        app.kill()
        return True

    while_running(process, killed)
    out, err = process.communicate(timeout=PATIENCE_S)
    (run,) = fresh.runs()
    measured = cells(run)
    assert len(measured) == 6, out + err
    assert any(cell["target"] == ANY.name and cell["phases"] for cell in measured[-2:])
    lost = [cell for cell in measured if cell["unfit"] or cell["phases"][0]["load"]["failures"]]
    # Just after its window it may have died without costing anything.
    assert process.returncode == (1 if lost else 0), out + err
    assert {cell["target"] for cell in lost} <= {ANY.name}
    assert fresh.left_running() == []
