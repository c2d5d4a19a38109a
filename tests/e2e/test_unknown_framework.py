"""A framework that the lab does not know, added as one folder and nothing else."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import PATIENCE_S, ROOT, Cli

FIXTURE = ROOT / "tests" / "fixtures" / "services" / "starlette"


@pytest.fixture(scope="module")
def services(public_folder: Path) -> Path:
    """A folder of services that the services' user can reach, with the newcomer in it."""
    folder = public_folder / "services-of-others"
    shutil.copytree(FIXTURE, folder / "starlette")
    return folder


def test_it_is_found_verified_measured_and_shown(cli: Cli, services: Path) -> None:
    """One run of it, with its name on the terminal, in the record, in Markdown and on the page."""
    told = cli.run(
        "bench",
        ONECORE_SERVICES=str(services),
        FRAMEWORK="starlette",
        WORKLOAD="read",
        ROUNDS="1",
    )
    assert "starlette" in told
    (run,) = cli.runs()
    record = json.loads((run / "run.json").read_text())
    assert [target["name"] for target in record["targets"]] == ["starlette"]
    (cell,) = map(json.loads, (run / "rounds.jsonl").read_text().splitlines())
    assert cell["unfit"] == ""
    assert cell["phases"][0]["load"]["succeeded"] > 0
    cli.run("report", ONECORE_SERVICES=str(services), FORMAT="html,md")
    assert "starlette" in (run / "report.md").read_text()
    assert "Starlette" in (run / "report.html").read_text()
    assert cli.left_running() == []


def test_the_contract_finds_it_too(services: Path) -> None:
    """The same suite at the level that it claims, without an entry anywhere."""
    words = ("-q", "-n", "0", "-p", "no:cacheprovider", "-k", "starlette", "tests/contract")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words],
        cwd=ROOT,
        env={**os.environ, "ONECORE_SERVICES": str(services)},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]
    assert " passed" in done.stdout
