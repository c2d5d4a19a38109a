"""Looking and stopping work where nothing could be started."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.placement import format_cpulist
from bench.supervise.identity import uncovering

from .conftest import ANY, ROOT, Cli

LOOKING = (("status",), ("logs", "--framework", ANY.name), ("down",))
NAMELESS = 42_424


@pytest.mark.parametrize(
    "variables",
    [{"ONECORE_USER": "no-such-user"}, {"ONECORE_PG_BIN": "/nonexistent"}],
    ids=["nobody to run services", "no PostgreSQL"],
)
def test_what_only_starting_needs_is_not_missed(cli: Cli, variables: dict[str, str]) -> None:
    """What runs is seen and stopped all the same; starting says what is missing."""
    cli.run("up", FRAMEWORK=ANY.name)
    assert cli.run("status", **variables).count("running") == 2
    assert "gunicorn" in cli.run("logs", FRAMEWORK=ANY.name, **variables).lower()
    assert f"onecore-{ANY.name}" in cli.run("down", **variables)
    assert cli.left_running() == []
    if "ONECORE_PG_BIN" in variables or os.geteuid() == 0:
        told = cli.run("up", expect=1, FRAMEWORK=ANY.name, **variables)
        assert next(iter(variables.values())) in told


@pytest.mark.skipif(len(os.sched_getaffinity(0)) == 1, reason="there is one CPU to run on")
def test_a_service_that_somebody_has_moved_is_seen(cli: Cli) -> None:
    """With the CPUs that it may use, and those that it was started on; nothing else is told of."""
    cli.run("up", FRAMEWORK=ANY.name)
    assert "may use CPU" not in cli.run("status")
    (record,) = cli.state.glob(f"*/run/onecore-{ANY.name}.json")
    server = json.loads(record.read_text())
    (placed,) = server["cpus"]
    other = next(cpu for cpu in os.sched_getaffinity(0) if cpu != placed)
    os.sched_setaffinity(server["pid"], {other})
    told = cli.run("status")
    allowed = format_cpulist((placed, other))  # its worker has stayed
    assert f"onecore-{ANY.name} may use CPU {allowed}, and was started on CPU {placed}" in told
    assert told.count("may use CPU") == 1
    cli.run("down")


def test_a_log_in_a_pipe_has_lines_of_a_lines_length(cli: Cli) -> None:
    """A pipe has no width, and what is drawn across the page would have no end."""
    assert max(map(len, cli.run("logs", FRAMEWORK=ANY.name).splitlines())) < 500


def test_looking_makes_nothing(cli: Cli, tmp_path: Path) -> None:
    """Not even a folder: there is nothing, and nothing is said to run."""
    where = {"ONECORE_STATE": str(tmp_path / "state")}
    assert "running" not in cli.run("status", **where)
    assert "Nothing was running" in cli.run("down", **where)
    assert not (tmp_path / "state").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be a user without a name")
def test_a_user_without_a_name_can_look(cli: Cli, public_folder: Path) -> None:
    """As in a container with a number for a user. It cannot start PostgreSQL, which is told."""
    folder = public_folder / "nameless"
    folder.mkdir()
    os.chown(folder, NAMELESS, NAMELESS)
    needed = (ROOT, folder, Path(sys.prefix), Path(sys.base_prefix))
    ids = ("setpriv", f"--reuid={NAMELESS}", f"--regid={NAMELESS}", "--clear-groups", "--")
    own = {"ONECORE_STATE": str(folder / "state"), "ONECORE_RESULTS": str(folder / "results")}

    def call(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*uncovering(tuple(path.resolve() for path in needed)), *ids,
             sys.executable, "-m", "bench", *words],
            cwd=ROOT, env={**cli.environment, **own}, capture_output=True, text=True, check=False,
        )  # fmt: skip

    for words in LOOKING:
        done = call(*words)
        assert done.returncode == 0, done.stderr
    refused = call("up", "--framework", ANY.name)
    assert refused.returncode == 1
    assert f"the user {NAMELESS} has no name" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize("mask", [0o077, 0o027])
def test_the_umask_closes_nothing_that_a_service_needs(
    cli: Cli, public_folder: Path, mask: int
) -> None:
    """The lab's own files have their modes, and secrets theirs: nobody else lists their folder or
    changes it, and each is its reader's alone. Who opened them all (`chmod -R go+rX .` is the
    remedy for a clone that is closed) finds them closed by the next start.
    """
    state = public_folder / f"umask-{mask:o}"
    before = os.umask(mask)
    try:
        cli.run("up", FRAMEWORK=ANY.name, ONECORE_STATE=str(state))
        cli.run("down", ONECORE_STATE=str(state))
    finally:
        os.umask(before)
    (lab,) = state.iterdir()
    _is_closed(lab)
    subprocess.run(["chmod", "-R", "go+rX", str(lab)], check=True)
    cli.run("up", FRAMEWORK=ANY.name, ONECORE_STATE=str(state))
    cli.run("down", ONECORE_STATE=str(state))
    _is_closed(lab)


def _is_closed(lab: Path) -> None:
    assert lab.stat().st_mode & 0o777 == 0o755
    assert (lab / "secrets").stat().st_mode & 0o777 == 0o711
    assert (lab / "secrets").stat().st_uid == os.geteuid()
    assert (lab / "postgres").stat().st_mode & 0o777 == 0o711
    assert (lab / "postgres" / ANY.framework).stat().st_mode & 0o777 == 0o700
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in (lab / "secrets").iterdir())


def test_clean_does_not_take_the_floor_from_anybody(cli: Cli) -> None:
    """A process that works in the lab's folder and is in no record: nothing is removed."""
    cli.run("up", FRAMEWORK=ANY.name)
    cli.run("down")
    (data,) = cli.state.glob(f"*/postgres/{ANY.framework}")
    with subprocess.Popen(["sleep", "600"], cwd=data) as stranger:
        told = cli.run("clean", expect=1)
        assert f"sleep (pid {stranger.pid})" in told
        assert data.exists()
        stranger.kill()
    cli.run("clean")
    assert not data.exists()
