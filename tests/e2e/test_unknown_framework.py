"""A framework that the lab does not know, added as one folder and nothing else."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bench.experiment.assembly import open_lab

from .conftest import ROOT, Cli

FIXTURE = Path(__file__).parent / "services" / "starlette"


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


def test_it_keeps_the_contract(cli: Cli, services: Path, tmp_path: Path) -> None:
    """The contract suite takes it up by its address, and it is green at the level it claims."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**cli.environment, "ONECORE_SERVICES": str(services)}.items():
            patch.setenv(name, value)
        lab = open_lab(("starlette",))
    cli.run("up", ONECORE_SERVICES=str(services), FRAMEWORK="starlette")
    (target,) = lab.targets
    live = {
        "base_url": lab.base_url(target),
        "dsn": lab.dsn(target).replace("testuser@", "postgres@"),
        "pgpass": str(lab.secrets.admin_pgpass),
        "contract": target.contract,
    }
    described = tmp_path / "services.json"
    described.write_text(json.dumps({"starlette": live}))
    # The suite within this suite is another one: no worker of pytest-xdist's.
    inherited = {name: value for name, value in os.environ.items() if "PYTEST" not in name}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "tests/contract"],
        cwd=ROOT,
        env={**inherited, "CONTRACT_SERVICES": str(described)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]
    assert " passed" in done.stdout
    cli.run("down", ONECORE_SERVICES=str(services))
