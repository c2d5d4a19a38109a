"""A framework that the lab does not know, added as one folder and nothing else."""

import json
import shutil
from pathlib import Path

import pytest

from .conftest import Cli

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
