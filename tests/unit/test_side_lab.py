"""A lab beside the ordinary one: states of one service, each with code and packages of its own."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bench.database.secrets import Secrets
from bench.experiment.lab import Lab
from bench.experiment.side_lab import lab_apart, state_of
from bench.model import Site, Target
from bench.targets import known_targets

from .factories import placement

TUNED = next(target for target in known_targets() if target.name == "flask-tuned")


class _Binaries:
    """Where PostgreSQL would be."""

    def __getitem__(self, tool: str) -> Path:
        return Path("/postgresql") / tool


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    site = Site(tmp_path, tmp_path, tmp_path, port_offset=30_000)
    secrets = Secrets(tmp_path)
    return Lab(site, (TUNED,), (TUNED,), None, placement(), _Binaries(), secrets)  # type: ignore[arg-type]


def test_a_state_runs_its_own_code_by_its_own_python(lab: Lab, tmp_path: Path) -> None:
    """Folder, interpreter and PATH are the state's; the service learns the name that it knows."""
    python = tmp_path / "environment" / "bin" / "python"
    copied = tmp_path / "code"
    copied.mkdir()
    state = replace(state_of(TUNED, "flask-base", "Flask"), directory=copied, python=python)
    (own,) = lab_apart(lab, "apart", (state,)).targets
    unit = lab.app_unit(own)
    assert (unit.directory, unit.command[0]) == (state.directory, str(python))
    assert unit.prepare[0][0] == str(python)
    assert unit.environment["PATH"].split(":")[0] == str(python.parent)
    assert unit.environment["ONECORE_TARGET"] == "flask-tuned"
    assert lab.app_unit(TUNED).command[0] == sys.executable


def test_states_share_a_core_and_nothing_else(lab: Lab) -> None:
    """Each has a database server and ports of its own, in a folder beside the lab's own."""

    def made(name: str) -> Target:
        return state_of(TUNED, name, "Flask")

    apart = lab_apart(lab, "apart", (made("flask-tuned-base"), made("flask-tuned-head")))
    base, head = apart.targets
    assert apart.placement_of(base).app == apart.placement_of(head).app
    assert apart.cluster(base).unit_name == "onecore-postgres-flask-tuned-base"
    assert apart.cluster(base).directory == lab.site.state / "apart/postgres/flask-tuned-base"
    ports = {base.http_port, head.http_port, base.database_port, head.database_port}
    assert len(ports) == 4
    assert not ports & {TUNED.http_port, TUNED.database_port}
    assert set(apart.all_unit_names()) == {
        *apart.unit_names(base),
        *apart.unit_names(head),
    }
