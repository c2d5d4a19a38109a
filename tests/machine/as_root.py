"""The guide as root: look, tune, isolate, measure, put everything back."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.machine.guest import (
    CGROUPS,
    LAB,
    SLICES,
    call,
    cpus_of_cgroup,
    cpus_of_process,
    cpus_of_unit,
    running_units,
    switch,
)

ALL = tuple(sorted(os.sched_getaffinity(0)))
BENCH = "make bench FRAMEWORK=fastapi WORKLOAD=read ROUNDS=1"
DISTURBED_EVERY_S = 15
"""Five ends in a minute, and systemd would not start a unit again."""


@pytest.fixture(scope="module", autouse=True)
def services_user() -> None:
    """Section 1: the user that services run as."""
    call("id onecore || useradd --system --no-create-home onecore")
    call(f"git config --global --add safe.directory {LAB}")


def test_a_fresh_machine_is_told_of_isolate() -> None:
    """Section 2, before anything has used the cpuset controller."""
    told = call("make doctor")
    assert "make isolate" in told
    assert "every online CPU may be used" in told
    assert "does not tell how it was optimised" in told


def test_irqbalance_is_told_of_before_anything_is_tuned() -> None:
    """Section 3: it would move interrupts back."""
    call("systemctl start irqbalance")
    told = call("make tune")
    assert "systemctl stop irqbalance" in told
    assert "failed:" not in told
    call("make untune")
    call("systemctl stop irqbalance")


def test_tuned_interrupts_stay_off_the_apps_cores() -> None:
    """Section 3, read back from the kernel, and everything as it was after untune."""
    files = sorted(Path("/proc/irq").glob("[0-9]*/smp_affinity_list"))
    before = {file: file.read_text() for file in files}
    told = call("make tune")
    moved = [line.split()[1] for line in told.splitlines() if line.startswith("set: /proc/irq")]
    assert moved
    for name in moved:
        assert Path(name).read_text() != before[Path(name)]
    assert "irqbalance" not in call("make doctor")
    call("make untune")
    assert {file: file.read_text() for file in files} == before


def test_isolate_confines_everything_else() -> None:
    """Section 3, twice: systemd itself, its slices and every session are on CPU 0."""
    call("make isolate")
    assert {name: cpus_of_cgroup(name) for name in SLICES} == dict.fromkeys(SLICES, (0,))
    assert cpus_of_process(1) == (0,)
    assert "unchanged" in call("make isolate")
    assert "isolated" in call("make doctor")


def test_each_service_is_alone_on_its_cpu() -> None:
    """Section 5: what the kernel says of each app, while everything else is confined."""
    call("make up")
    apps = [cpus_of_unit(f"onecore-app@{name}") for name in ("fastapi", "flask", "drf")]
    assert all(len(cpus) == 1 for cpus in apps)
    taken = {cpu for cpus in apps for cpu in cpus}
    assert len(taken) == len(apps)
    assert not taken & set(cpus_of_cgroup("system.slice"))
    assert not taken & set(cpus_of_unit("onecore-postgres@drf"))


def test_a_service_that_is_confined_to_other_cpus_is_told() -> None:
    """At any time, not at its start alone: somebody has the lab's own slice confined meanwhile."""
    (placed,) = cpus_of_unit("onecore-app@fastapi")
    assert "may use CPU" not in call("make status")
    try:
        call("systemctl set-property --runtime onecore.slice AllowedCPUs=0")
        told = call("make status")
    finally:
        call(f"systemctl set-property --runtime onecore.slice AllowedCPUs={ALL[0]}-{ALL[-1]}")
        call("rm -r /run/systemd/system.control/onecore.slice.d && systemctl daemon-reload")
    assert f"onecore-fastapi may use CPU 0, and was started on CPU {placed}" in told
    assert cpus_of_unit("onecore-app@fastapi") == (placed,)


def test_a_run_is_measured() -> None:
    """Section 5: the run says that it was isolated, and there is a report."""
    known = begun_since(set())
    call(BENCH)
    (run,) = begun_since(known)
    assert json.loads(run.read_text())["provenance"]["machine"]["isolated"]
    call("make report")


def test_a_run_to_publish_is_strict() -> None:
    """Section 5: STRICT=1 measures on the machine as the guide has prepared it."""
    call(f"{BENCH} PROFILE=publish STRICT=1")
    newest = max((LAB / "results").glob("*/run.json"))
    assert json.loads(newest.read_text())["state"] == "complete"


def test_unisolate_gives_everything_back() -> None:
    """Section 6, and no slice of the lab's stays."""
    call("make down")
    call("make unisolate")
    assert {name: cpus_of_cgroup(name) for name in SLICES} == dict.fromkeys(SLICES, ALL)
    assert running_units() == []


def test_an_administrators_own_setting_comes_back() -> None:
    """What stood in a unit's own files is theirs."""
    folder = Path("/etc/systemd/system/user.slice.d")
    folder.mkdir(parents=True)
    (folder / "own.conf").write_text("[Slice]\nAllowedCPUs=0-1\n")
    call("systemctl daemon-reload")
    call("make isolate")
    assert cpus_of_cgroup("user.slice") == (0,)
    call("make unisolate")
    assert cpus_of_cgroup("user.slice") == (0, 1)
    (folder / "own.conf").unlink()
    call("systemctl daemon-reload")


def test_an_administrators_setting_may_name_a_cpu_that_is_offline() -> None:
    """It is there again after unisolate, and the lab has nothing left to put back."""
    folder = Path("/etc/systemd/system/user.slice.d")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "own.conf").write_text("[Slice]\nAllowedCPUs=0-3\n")
    call("systemctl daemon-reload")
    switch((3,), online=False)
    call("make isolate")
    switch((3,), online=True)
    call("make unisolate")
    assert cpus_of_cgroup("user.slice") == ALL
    assert "Nothing to put back" in call("make unisolate")
    (folder / "own.conf").unlink()
    call("systemctl daemon-reload")


def test_a_lab_of_plain_processes_keeps_its_cores() -> None:
    """It is in the session that it was started from, which isolate would confine."""
    call("make up FRAMEWORK=fastapi SUPERVISOR=process")
    told = call("make isolate", expect=2)
    assert "a lab runs in" in told
    assert cpus_of_cgroup("system.slice") == ALL
    call("make down SUPERVISOR=process")


def test_what_runs_beside_the_slices_is_confined_too() -> None:
    """A service that somebody has put below the root, and back."""
    call("systemd-run --unit=beside --slice=-.slice sleep 1000")
    call("make isolate")
    assert cpus_of_unit("beside.service") == (0,)
    call("make unisolate")
    assert cpus_of_unit("beside.service") == ALL
    call("systemctl stop beside")


def test_a_cpu_that_was_offline_is_given_back_too() -> None:
    """`tune` may take siblings offline between the two."""
    switch((3,), online=False)
    call("make isolate")
    switch((3,), online=True)
    call("make unisolate")
    assert {name: cpus_of_cgroup(name) for name in SLICES} == dict.fromkeys(SLICES, ALL)
    assert cpus_of_process(1) == ALL


@pytest.mark.parametrize("after_s", [1.0, 3.0, 6.0])
def test_a_killed_isolate_can_be_undone(after_s: float) -> None:
    """kill -9 at some moment, and everything comes back."""
    process = subprocess.Popen(("make", "isolate"), cwd=LAB, start_new_session=True)
    time.sleep(after_s)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    call("make unisolate")
    assert {name: cpus_of_cgroup(name) for name in SLICES} == dict.fromkeys(SLICES, ALL)


def test_a_killed_tune_can_be_undone() -> None:
    """kill -9 of tune half-way."""
    files = sorted(Path("/proc/irq").glob("[0-9]*/smp_affinity_list"))
    before = {file: file.read_text() for file in files}
    process = subprocess.Popen(("make", "tune"), cwd=LAB, start_new_session=True)
    time.sleep(4)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    call("make untune")
    assert {file: file.read_text() for file in files} == before


def test_a_container_that_stays_is_named() -> None:
    """A cgroup that systemd did not make is not moved: isolate says so."""
    folder = CGROUPS / "docker"
    folder.mkdir()
    sleeper = subprocess.Popen(("sleep", "1000"))
    (folder / "cgroup.procs").write_text(str(sleeper.pid))
    try:
        told = call("make isolate")
        assert "not moved: the cgroup docker" in told
    finally:
        sleeper.kill()
        sleeper.wait()
        call("make unisolate")
        folder.rmdir()


def test_strict_refuses_an_unfit_machine() -> None:
    """Section 5: STRICT=1 measures nothing where something is bad, and says what."""
    burner = subprocess.Popen(("taskset", "-c", "3", "sh", "-c", "while :; do :; done"))
    try:
        told = call(f"{BENCH} STRICT=1", expect=2)
    finally:
        burner.kill()
        burner.wait()
    assert "app core" in told


def test_an_app_that_is_killed_in_a_window_is_told() -> None:
    """Its cell says so, and systemd has it up again."""
    call("make up FRAMEWORK=fastapi")
    told = run_and_disturb("systemctl kill -s KILL onecore-app@fastapi")
    assert "onecore-fastapi" in told
    call("systemctl is-active onecore-app@fastapi")


def test_a_database_that_is_stopped_in_a_window_is_told() -> None:
    """Its cell says so; and no unit is left frozen."""
    run_and_disturb("systemctl kill -s KILL onecore-postgres@fastapi")
    for unit in running_units():
        state = call(f"systemctl show --value -p FreezerState {unit}").strip()
        assert state in ("", "running"), unit


def test_an_administrators_drop_in_is_told() -> None:
    """A variable of somebody else's in a unit of the lab is named, with its file."""
    call("make down")  # what runs already has been started without it
    own = Path("/etc/systemd/system/onecore-app@fastapi.service.d/own.conf")
    own.parent.mkdir()
    own.write_text("[Service]\nEnvironment=WEB_CONCURRENCY=2\n")
    call("systemctl daemon-reload")
    try:
        told = call("make up FRAMEWORK=fastapi", expect=2)
    finally:
        own.unlink()
        call("systemctl daemon-reload")
    assert "WEB_CONCURRENCY" in told
    assert str(own) in told


def test_a_unit_file_that_was_edited_by_hand_is_written_again() -> None:
    """What runs is what the lab has written."""
    call("make up FRAMEWORK=fastapi")
    file = Path("/run/systemd/system/onecore-app@.service")
    written = file.read_text()
    file.write_text(written + "Nice=5\n")
    call("make up FRAMEWORK=fastapi")
    assert file.read_text() == written
    call("make down")


def test_a_checkout_below_roots_home_runs() -> None:
    """Services' users may not enter there: their units see what they need of it."""
    home = Path("/root/the lab")
    call(f"git clone --quiet {LAB} '{home}'")
    there = f"cd '{home}' && export ONECORE_PYTHON={LAB}/.venv/bin/python"
    assert "with a space" in call(f"{there} && make up FRAMEWORK=fastapi", expect=2)
    there += " ONECORE_STATE=/root/onecore-state"
    call(f"{there} && make up FRAMEWORK=fastapi")
    assert len(cpus_of_unit("onecore-app@fastapi")) == 1
    assert "running" in call(f"{there} && make status")
    call(f"{there} && make down")
    assert running_units() == []


def run_and_disturb(command: str) -> str:
    """A run of one target, with something done to it until a cell tells of that. Returns what the
    cells tell.
    """
    known = begun_since(set())
    process = subprocess.Popen(
        ("make", "bench", "FRAMEWORK=fastapi", "WORKLOAD=read", "ROUNDS=6"),
        cwd=LAB,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    # A round has new processes, and not each disturbance meets what is counted.
    while process.poll() is None:
        begun = {path.parent for path in begun_since(known)}
        if any(map(faults, begun)):
            break
        if any((run / "rounds.jsonl").exists() for run in begun):
            subprocess.run(command.split(), check=False)  # it may just be between two lives
        time.sleep(DISTURBED_EVERY_S)
    printed, _ = process.communicate(timeout=1200)
    assert process.returncode in (0, 2), printed  # 2 is make's own for any failure
    (run,) = begun_since(known)
    told = faults(run.parent)
    assert told, printed
    return told


def faults(run: Path) -> str:
    """What a run's cells tell of targets that were not measured, or had ended before they were."""
    path = run / "rounds.jsonl"
    cells = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    ended = [
        each["message"]
        for cell in cells
        for window in cell["phases"]
        for each in window["diagnostics"]
        if each["code"] == "restarted"
    ]
    return "\n".join([*(cell["unfit"] for cell in cells if cell.get("unfit")), *ended])


def test_a_run_ends_with_a_kill() -> None:
    """No more is left than results that are not complete: the next boot goes on with them."""
    known = begun_since(set())
    process = subprocess.Popen(
        ("make", "bench", "FRAMEWORK=fastapi", "WORKLOAD=read", "ROUNDS=3"),
        cwd=LAB,
        start_new_session=True,
    )
    while not any((run.parent / "rounds.jsonl").exists() for run in begun_since(known)):
        assert process.poll() is None
        time.sleep(1)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    (run,) = begun_since(known)
    assert json.loads(run.read_text())["state"] == "running"


def begun_since(known: set[Path]) -> set[Path]:
    """The records of runs that were not there before."""
    return set((LAB / "results").glob("*/run.json")) - known


def test_everything_is_put_back() -> None:
    """Section 6: nothing of the lab runs, is confined or is left but its results."""
    call("make down")
    call("make unisolate")
    call("make untune")
    call("make clean")
    assert running_units() == []
    assert not Path("/run/onecore/isolated.json").exists()
    assert not Path("/run/onecore/tuned.json").exists()
    assert not (LAB / ".lab/postgres").exists()
