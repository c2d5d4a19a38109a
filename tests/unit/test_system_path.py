"""Units find the system's tools where this system has them."""

import os
from pathlib import Path

import pytest

from bench.database.cluster import system_path


def test_tools_may_be_in_several_folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """On NixOS coreutils and util-linux have a folder each; both are on the units' PATH, once."""
    for tool in ("coreutils/cat", "util-linux/taskset", "util-linux/setpriv"):
        path = tmp_path / tool
        path.parent.mkdir(exist_ok=True)
        path.write_text("")
        path.chmod(0o755)
    folders = [str(tmp_path / "coreutils"), str(tmp_path / "util-linux")]
    monkeypatch.setenv("PATH", os.pathsep.join([str(tmp_path / "empty"), *folders]))
    assert system_path() == os.pathsep.join([*folders, os.defpath])


def test_where_nothing_is_found_the_usual_folders_remain(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A PATH without the tools leaves the system's default."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert system_path() == os.defpath
