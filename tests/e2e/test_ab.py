"""Before and after, from nothing running to nothing running.

Whether two equal states come out as equal in so few rounds is the machine's matter.
"""

import json
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from .conftest import ANY, PATIENCE_S, ROOT, Cli, eventually

needs_git = pytest.mark.skipif(
    shutil.which("git") is None or not (ROOT / ".git").exists(), reason="this is no git clone"
)
SHORT = {"FRAMEWORK": ANY.name, "WORKLOAD": "read", "ROUNDS": "2"}


def status() -> str:
    """What git says of the user's tree."""
    command = ["git", "-C", str(ROOT), "status", "--porcelain"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def left_in(cli: Cli) -> list[str]:
    """What of the sides is still there: nothing but environments and locks."""
    folders = [*cli.state.glob("sides/code"), *cli.state.glob("*/ab")]
    return [*cli.left_running(), *map(str, folders)]


def run(cli: Cli, **variables: str) -> tuple[int, str]:
    process = cli.begin("ab", **{**SHORT, **variables})
    out, err = process.communicate(timeout=PATIENCE_S)
    return process.returncode, out + err


@needs_git
def test_a_base_and_a_setting_are_measured_side_by_side(cli: Cli) -> None:
    """Both kept the contract; what differs is told, in all forms, and nothing is left behind."""
    before = status()
    code, told = run(cli, BASE="HEAD", ENV="SERVER_THREADS=5")
    assert code in (0, 1, 3), told
    (folder,) = cli.runs()
    record = json.loads((folder / "run.json").read_text())
    assert record["state"] == "complete"
    threads = {
        name: settings["server_threads"]
        for name, settings in record["provenance"]["settings"].items()
    }
    assert threads == {f"{ANY.name}-base": 20, f"{ANY.name}-head": 5}
    answer = json.loads((folder / "answer.json").read_text())
    assert {"clear": 0, "regression": 1, "undecided": 3}[answer["outcome"]] == code
    assert {change["metric"] for change in answer["changes"]} >= {"app_cost", "rate", "app_memory"}
    for name in ("report.md", "report.html"):
        assert "SERVER_THREADS=5" in (folder / name).read_text()
    assert status() == before
    assert left_in(cli) == []
    refused = cli.run("bench", expect=2, RESUME=folder.name)
    assert "make ab" in refused


def test_a_side_that_does_not_start_is_told_and_leaves_nothing(cli: Cli) -> None:
    """With the end of its log; a mistake in what is asked ends before anything is made."""
    code, told = run(cli, SERVE="{python} -c 'raise SystemExit(\"no such server\")' {host} {port}")
    assert (code, "no such server" in told) == (1, True), told
    assert left_in(cli) == []
    for variables, words in (
        ({"ENV": "POOL=5"}, f"{ANY.name} reads no POOL"),
        ({"BASE": "no-such-branch"}, "no commit 'no-such-branch'"),
        ({"ENV": "SERVER_THREADS=5", "THRESHOLD": "7"}, "THRESHOLD=7 is out of range"),
    ):
        code, told = run(cli, **variables)
        assert (code, words in told) == (2, True), told
    assert left_in(cli) == []


def test_killed_it_leaves_nothing_that_clean_does_not_remove(cli: Cli) -> None:
    """After kill -9 no process is left; `make clean` takes the rest away and says what."""
    process = cli.begin("ab", **{**SHORT, "ROUNDS": "1000"}, ENV="SERVER_THREADS=5")
    eventually(lambda: list(cli.state.glob(f"*/run/onecore-{ANY.name}-head.json")))
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=PATIENCE_S)
    eventually(lambda: not cli.left_running())
    kept = Path(cli.state / "sides" / "environments" / "0123456789abcdef")
    kept.mkdir(parents=True, exist_ok=True)
    assert left_in(cli) != []
    told = cli.run("clean")
    assert "1 environment" in told
    assert left_in(cli) == []
    assert not kept.exists()
