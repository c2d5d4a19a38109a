"""Locust as an engine, against a real service: what it sends, counts and leaves, how it ends."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from bench.errors import GeneratorFailed
from bench.experiment.lab import Lab
from bench.load import process
from bench.load.users.settings import LOCUSTFILE, Ports, user_class
from bench.load.users.swarm import Swarm
from bench.model import LoadResult, LoadSpec, Users
from bench.targets import known_targets

from .conftest import BadServer, Behave, answer

PATIENCE_S = 60


def spec(base_url: str, pacing: Users, duration_s: float) -> LoadSpec:
    return LoadSpec(base_url, (), pacing, seed=1, duration_s=duration_s, target="flask")


@pytest.fixture
def swarm(tmp_path: Path, port: int) -> Iterator[Swarm]:
    ports = Ports(master=port)
    with Swarm(sorted(os.sched_getaffinity(0)), tmp_path / "locust", ports) as made:
        yield made


@pytest.fixture
def flask_url(lab: Lab) -> str:
    (target,) = [candidate for candidate in lab.targets if candidate.name == "flask"]
    lab.start((target,), outlive=False)
    return lab.base_url(target)


def window(swarm: Swarm, asked: LoadSpec) -> LoadResult:
    swarm.prepare(asked)
    swarm.go()
    return swarm.collect()


def eventually(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.05)


def alive(pids: list[int]) -> list[int]:
    return [
        pid
        for pid in pids
        if psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    ]


def test_users_are_answered_and_every_request_is_counted_once(
    swarm: Swarm, flask_url: str, tmp_path: Path
) -> None:
    """The lab's record and Locust's own statistics hold the same; all reports are there."""
    seen: list[float] = []
    swarm.prepare(spec(flask_url, Users(8, 8.0, wait_s=(0.02, 0.1)), 3.0))
    swarm.go(lambda progress: seen.append(progress.elapsed_s))
    result = swarm.collect()
    assert result.failures == {}
    assert set(result.latency) == {"list", "create", "read", "update", "delete"}
    assert seen == sorted(seen)
    assert max(seen) > 0
    assert result.connections_opened == 8
    assert result.bytes_received > result.bytes_sent > 0
    folder = tmp_path / "locust"
    own = json.loads((folder / "flask.json").read_text())
    counted = {name: each.count for name, each in result.latency.items()}
    assert counted == {row["name"]: row["num_requests"] for row in own}
    assert "<html" in (folder / "flask.html").read_text()
    assert (folder / "flask_stats_history.csv").exists()
    assert (folder / "flask_stats.csv").exists()
    users = result.users
    assert users is not None
    assert max(moment.users for moment in users.moments) == 8
    assert sum(moment.succeeded for moment in users.moments) == result.succeeded
    with pytest.raises(GeneratorFailed, match="not running"):
        _ = swarm.pid


def test_nobodys_own_settings_of_locust_are_obeyed(
    swarm: Swarm, flask_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither of the home, nor of the folder where the lab is called, nor of the environment."""
    (tmp_path / ".locust.conf").write_text("run-time = 1s\nprocesses = 2\n")
    (tmp_path / "locust.conf").write_text("users = 1\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("LOCUST_RUN_TIME", "1s")
    monkeypatch.setenv("WAIT", "9")
    monkeypatch.chdir(tmp_path)
    result = window(swarm, spec(flask_url, Users(4, 8.0, wait_s=(0.02, 0.1)), 3.0))
    assert result.users is not None
    assert max(moment.users for moment in result.users.moments) == 4
    assert len(result.users.workers) == 1
    assert result.duration_s > 2.5


def test_users_with_a_beat_begin_before_the_window_and_tell_how_late_they_are(
    swarm: Swarm, flask_url: str
) -> None:
    """The window holds no start of users, and as many requests as were due in it."""
    result = window(swarm, spec(flask_url, Users(5, 50.0, throughput_per_s=4.0), 3.0))
    assert result.failures == {}
    assert result.lateness is not None
    assert result.users is not None
    assert result.users.moments[0].users == 5
    # 60 were due. A busy machine may send the last ones after the end, but never more than due.
    assert 20 <= result.succeeded <= 61


def test_a_beat_that_the_service_cannot_keep_loses_no_request(
    swarm: Swarm, bad_server: Callable[[Behave], BadServer]
) -> None:
    """Users that were far behind already before the window begin afresh with it; what they then
    cannot send is told.
    """

    def slow(connection, number: int) -> bool:
        time.sleep(0.05)
        connection.sendall(answer("500 Internal Server Error", b"{}"))
        return True

    server = bad_server(slow)
    result = window(swarm, spec(server.base_url, Users(1, 10.0, throughput_per_s=200.0), 1.0))
    assert result.failed > 0
    assert result.lateness is not None
    assert result.lateness.unsent > 0
    # Of those due in the window only what was due within the last moment is neither.
    assert result.failed + result.lateness.unsent > 150


def test_a_worker_that_joins_while_the_window_ends_gets_no_users(
    swarm: Swarm, bad_server: Callable[[Behave], BadServer], tmp_path: Path, port: int
) -> None:
    """The last answers are waited for, and nobody is started once more."""
    there = threading.Event()

    def once_both_are_there(connection, number: int) -> bool:
        there.wait(20)
        connection.sendall(answer("500 Internal Server Error", b"{}"))
        return True

    server = bad_server(once_both_are_there)
    workers = [joining_worker(port)]

    def join_late(now) -> None:
        said = (tmp_path / "locust" / "flask.log").read_text()
        if said.count("reported as ready") > 1:
            there.set()
        elif now.elapsed_s > 1.0 and len(workers) == 1:
            workers.append(joining_worker(port))

    try:
        pacing = Users(2, 10.0, wait_s=(0.0, 0.0), workers=1, remote=True)
        swarm.prepare(spec(server.base_url, pacing, 1.0))
        swarm.go(join_late)
        result = swarm.collect()
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
    assert there.is_set()
    assert result.failed == server.requests == 2
    assert result.users is not None
    assert [worker.lost_at_s for worker in result.users.workers if worker.requests] == [None]


def joining_worker(port: int) -> subprocess.Popen[bytes]:
    """What `make locust-worker` runs."""
    cpus = process.list_cpus(sorted(os.sched_getaffinity(0)))
    master = ("--master-host", Ports.master_host, "--master-port", str(port))
    arguments = ("--locustfile", str(LOCUSTFILE), "--worker", *master)
    return subprocess.Popen(
        process.command("bench.load.users", str(os.getpid()), cpus, "-", *arguments),
        env=process.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def test_a_killed_worker_is_survived_and_told(swarm: Swarm, flask_url: str) -> None:
    """The other one takes over its users; what both had reported is kept.

    Locust takes a worker for lost after some 4 s of silence; the rest of the window is for a
    machine that is busy.
    """
    swarm.prepare(spec(flask_url, Users(10, 10.0, wait_s=(0.05, 0.1), workers=2), 12.0))
    first, second = psutil.Process(swarm.pid).children()
    progress: list[int] = []

    def kill_one(now) -> None:
        progress.append(now.succeeded)
        if now.succeeded and second.is_running():
            second.kill()

    swarm.go(kill_one)
    pids = [swarm.pid, first.pid, second.pid]
    result = swarm.collect()
    assert result.failures == {}
    users = result.users
    assert users is not None
    by_pid = {worker.pid: worker for worker in users.workers}
    assert set(by_pid) == {first.pid, second.pid}
    assert by_pid[first.pid].lost_at_s is None
    assert by_pid[second.pid].lost_at_s is not None
    assert by_pid[first.pid].requests > by_pid[second.pid].requests
    assert sum(worker.requests for worker in users.workers) == result.succeeded
    assert users.moments[-1].users == 10
    assert alive(pids) == []


def test_failures_are_told_with_their_reasons(
    swarm: Swarm, bad_server: Callable[[Behave], BadServer]
) -> None:
    """A status nobody expects, and an answer that never comes."""

    def refuse(connection, number: int) -> bool:
        connection.sendall(answer("500 Internal Server Error", b"{}"))
        return number < 3

    server = bad_server(refuse)
    result = window(swarm, spec(server.base_url, Users(2, 10.0, wait_s=(0.05, 0.05)), 1.5))
    assert result.succeeded == 0
    assert result.failures["status 500"] > 3
    assert result.users is not None
    assert sum(moment.failed for moment in result.users.moments) == result.failed


def test_a_window_that_broke_off_leaves_no_process_to_the_next(
    swarm: Swarm, flask_url: str
) -> None:
    """Prepared and never collected, as when the app has died meanwhile."""
    swarm.prepare(spec(flask_url, Users(2, 10.0), 60.0))
    first = swarm.pid
    swarm.prepare(spec(flask_url, Users(2, 10.0), 60.0))
    assert alive([first]) == []
    assert alive([swarm.pid])


def test_a_locust_that_dies_is_told_with_its_last_words(swarm: Swarm, flask_url: str) -> None:
    """A killed Locust is an error, not an empty result."""
    swarm.prepare(spec(flask_url, Users(2, 10.0), 60.0))
    os.kill(swarm.pid, signal.SIGKILL)
    with pytest.raises(GeneratorFailed, match="ended"):
        swarm.go()


def test_nothing_outlives_a_lab_that_is_killed(
    flask_url: str, tmp_path: Path, port: int, cpu: int
) -> None:
    """Neither Locust's master nor the workers that it has forked."""
    program = f"""
from pathlib import Path
from bench.load.users.settings import Ports
from bench.load.users.swarm import Swarm
from bench.model import LoadSpec, Users
pacing = Users(4, 10.0, workers=2)
with Swarm(({cpu},), Path({str(tmp_path)!r}), Ports(master={port})) as swarm:
    swarm.prepare(LoadSpec({flask_url!r}, (), pacing, 1, duration_s=60.0, target="flask"))
    print("ready", flush=True)
    swarm.go()
"""
    lab = subprocess.Popen(
        [sys.executable, "-c", program],
        env=process.environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert lab.stdout is not None
    assert lab.stdout.readline() == "ready\n"
    pids = [child.pid for child in psutil.Process(lab.pid).children(recursive=True)]
    assert len(pids) == 3
    lab.kill()
    lab.wait()
    eventually(lambda: not alive(pids))


def test_the_locustfile_is_of_use_to_plain_locust() -> None:
    """All classes are there, from any folder; an unknown shape is named."""
    command = [sys.executable, "-m", "locust", "--locustfile", str(LOCUSTFILE), "--list"]
    told = subprocess.run(command, capture_output=True, text=True, cwd="/", check=True).stdout
    classes = {user_class(target.name) for target in known_targets()}
    assert set(told.split()[2:]) == {"APIUser", *classes}
    assert classes >= {"FastAPIUser", "FlaskUser", "DRFUser"}
    wrong = subprocess.run(
        command,
        capture_output=True,
        text=True,
        env={**os.environ, "SHAPE": "wave"},
        check=False,
    )
    assert wrong.returncode != 0
    assert "step, spike, soak, ramp" in wrong.stderr
