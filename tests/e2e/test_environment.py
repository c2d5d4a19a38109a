"""A shell that is full of other programs' settings: none of them reaches the lab."""

import json
import resource
from pathlib import Path

import psutil

from bench.kernel.limits import open_files
from tests.unit.test_environment import HOSTILE

from .conftest import ANY, ROOT, Cli

# What the lab gives to a service or a database, and what the shell in front of it adds (PWD).
GIVEN = {
    "PATH", "LC_ALL", "HOME", "PWD", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "DATABASE_URL",
    "PGPASSFILE", "SECRET_KEY_FILE", "ONECORE_TARGET", "ONECORE_UNIT", "LD_LIBRARY_PATH", "PGDATA",
}  # fmt: skip


def test_a_low_soft_limit_reaches_no_service(cli: Cli) -> None:
    """1,024 files by default, or fewer: what runs may have as many as root allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    try:
        cli.run("up", FRAMEWORK=ANY.name)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    pids = [json.loads(path.read_text())["pid"] for path in cli.state.glob("*/run/*.json")]
    assert len(pids) == 2
    assert {open_files(pid) for pid in pids} == {hard}
    cli.run("down")


def test_services_get_what_the_lab_composed(cli: Cli, tmp_path: Path) -> None:
    """A service and its database, whatever the shell exports."""
    (tmp_path / "psycopg2.py").write_text("raise SystemExit('the caller’s own')")
    shown = cli.run("up", FRAMEWORK="flask", **{**HOSTILE, "PYTHONPATH": str(tmp_path)})
    assert shown.count("running") == 2
    records = [*cli.state.glob("*/run/*.json")]
    assert len(records) == 2
    for record in records:
        assert set(psutil.Process(json.loads(record.read_text())["pid"]).environ()) <= GIVEN
    assert cli.run("down", **HOSTILE).count("onecore-") == 2


def test_a_measurement_says_what_was_let_through(cli: Cli) -> None:
    """The settings in force are those of the lab, and the provenance names what reached them."""
    cli.run("bench", FRAMEWORK=ANY.name, WORKLOAD="read", ROUNDS="1", **HOSTILE)
    record = json.loads((cli.runs()[-1] / "run.json").read_text())
    told = record["provenance"]["environment"]
    assert set(told["services"]) <= {"LD_LIBRARY_PATH"}
    assert "FRAMEWORK" in told["lab"]
    assert not {*HOSTILE} & {*told["lab"]}
    (settings,) = record["provenance"]["settings"].values()
    assert settings["workers"] == 1
    commit = record["provenance"]["source"]["git_commit"]
    assert commit != "unknown" or not (ROOT / ".git").exists()
