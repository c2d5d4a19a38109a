"""The verbs for machines whose units somebody else declares, as such units call them."""

import os
import stat
import subprocess
import sys
from pathlib import Path

from filelock import FileLock

from bench.experiment.lab import Lab
from tests.conftest import lab_environment

ROOT = Path(__file__).parents[2]


def run_verb(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bench", *words],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_prepare_makes_what_the_units_take_for_granted(public_folder: Path) -> None:
    """Databases' folders and passwords, for their owner's eyes only; twice changes nothing."""
    folder = public_folder / "declared"
    folder.mkdir()
    environment = lab_environment(folder, start=30_000)
    first = run_verb(environment, "prepare", "--framework", "drf")
    assert first.returncode == 0, first.stderr
    (state,) = (folder / "state").iterdir()
    assert (state / "postgres" / "drf" / "PG_VERSION").read_text() == "18\n"
    assert not (state / "postgres" / "flask").exists()
    secrets = {path: path.read_text() for path in (state / "secrets").iterdir()}
    assert {path.name for path in secrets} >= {"pgpass", "admin-pgpass", "secret-key"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in secrets} == {0o600}

    with FileLock(state / "lock"):  # as a measurement holds it that starts the unit
        assert run_verb(environment, "prepare", "--framework", "drf").returncode == 0
        refused = run_verb(environment, "prepare", "--framework", "flask")
    assert (refused.returncode, "another command is using this lab" in refused.stderr) == (1, True)
    assert {path: path.read_text() for path in secrets} == secrets


def test_provision_without_a_database_says_so(public_folder: Path) -> None:
    """A unit whose database is not there fails, with the reason and exit code 1."""
    folder = public_folder / "unprovisioned"
    folder.mkdir()
    done = run_verb(lab_environment(folder, start=31_000), "provision", "--framework", "drf")
    assert done.returncode == 1
    assert "onecore-postgres-drf failed while making its role and database" in done.stderr


def test_provision_may_be_repeated(lab: Lab) -> None:
    """A database that has its role keeps it, and its service goes on."""
    targets = lab.targets[:1]
    lab.start(targets, outlive=False)
    lab.provision(targets)
    with lab.admin(targets[0]) as admin:
        assert admin.settings()["server_version"].startswith("18")
