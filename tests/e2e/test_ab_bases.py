"""Bases that cannot be compared with: each a sentence with the remedy, and nothing is left behind.

They are commits of a clone, which is the lab that is called.
"""

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from .conftest import PATIENCE_S, ROOT, Cli

pytestmark = pytest.mark.skipif(
    shutil.which("git") is None or not (ROOT / ".git").exists(), reason="this is no git clone"
)


def git(root: Path, *words: str) -> str:
    command = ["git", "-C", str(root), "-c", "user.name=a", "-c", "user.email=a@b", *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture(scope="module")
def clone(public_folder: Path, cli: Cli) -> Cli:
    """The same lab, called in a clone of this repository with the latest commit alone."""
    root = public_folder / "clone"
    git(public_folder, "clone", "--quiet", "--depth=1", f"file://{ROOT}", str(root))
    if (ROOT / ".tools").exists():
        (root / ".tools").symlink_to(ROOT / ".tools")
    return replace(cli, root=root)


def committed(clone: Cli, change: Callable[[Path], object]) -> str:
    """A commit with this change; the working tree is as it was before."""
    before = git(clone.root, "rev-parse", "HEAD")
    change(clone.root)
    git(clone.root, "add", "--update")
    git(clone.root, "commit", "--quiet", "--message", "base")
    made = git(clone.root, "rev-parse", "HEAD")
    git(clone.root, "reset", "--quiet", "--hard", before)
    return made


def told(clone: Cli, base: str, **variables: str) -> tuple[int, str]:
    asked = {"FRAMEWORK": "flask", "WORKLOAD": "read", "ROUNDS": "2", "BASE": base}
    process = clone.spawn("ab", **asked, **variables)
    out, err = process.communicate(timeout=PATIENCE_S)
    sides = [*clone.state.glob("sides/code"), *clone.state.glob("*/ab")]
    environments = list(clone.state.glob("sides/environments/*"))
    assert [*clone.left_running(), *sides, *environments] == []
    assert clone.runs() == []
    assert git(clone.root, "worktree", "list").count("\n") == 0
    assert git(clone.root, "status", "--porcelain", "--", ":!.tools") == ""
    return process.returncode, out + err


def test_a_base_whose_environment_cannot_be_made(clone: Cli) -> None:
    """uv's own words, and what to choose."""
    base = committed(clone, lambda root: (root / "uv.lock").write_text("version = 99\n"))
    code, words = told(clone, base)
    assert code == 1, words
    assert f"uv cannot make the environment of commit {base[:12]}" in words
    assert "Choose another base" in words


def test_a_base_whose_migration_cannot_run(clone: Cli) -> None:
    """The end of what the migration said; its database is gone."""

    def broken(root: Path) -> None:
        (migration,) = (root / "services/flask/migrations/versions").glob("*.py")
        migration.write_text(f"{migration.read_text()}\nraise RuntimeError('no such column')\n")

    code, words = told(clone, committed(clone, broken))
    assert code == 1, words
    assert "no such column" in words
    assert "choose another base" in words


def test_a_base_that_is_beyond_a_shallow_clone(clone: Cli) -> None:
    """How the rest of the history is fetched, here and in CI."""
    code, words = told(clone, "HEAD~1")
    assert code == 2, words
    assert "shallow" in words
    assert "git fetch --unshallow" in words
    assert "fetch-depth: 0" in words


def test_a_machine_without_git(clone: Cli, tmp_path: Path) -> None:
    """What it is needed for."""
    code, words = told(clone, "HEAD", PATH=str(tmp_path))
    assert code == 1, words
    assert "there is no git on PATH" in words
    assert "Install git." in words
