"""Where the lab, its Python and its PostgreSQL came from."""

import hashlib
import subprocess
from pathlib import Path

import pytest

from bench.host import source, store_path
from bench.report.facts import changes_words


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/nix/store/abc-onecore-python/bin/python", "/nix/store/abc-onecore-python"),
        ("/nix/store/abc-postgresql-18.6", "/nix/store/abc-postgresql-18.6"),
        ("/nix/store", ""),
        ("/nix/storehouse/abc", ""),
        ("/usr/bin/python3", ""),
    ],
)
def test_a_store_path_is_the_part_that_names_the_contents(path: str, expected: str) -> None:
    """Anything below a store path belongs to it; nothing else does."""
    assert store_path(Path(path)) == expected


def test_a_link_into_the_store_is_followed(tmp_path: Path) -> None:
    """A profile is a link; a link within the store is not followed to what it points at."""
    store = tmp_path / "store"
    (store / "aaa-python" / "bin").mkdir(parents=True)
    (store / "bbb-environment").mkdir()
    (store / "bbb-environment" / "bin").symlink_to(store / "aaa-python" / "bin")
    profile = tmp_path / "profile"
    profile.symlink_to(store / "bbb-environment")
    assert store_path(store / "bbb-environment" / "bin", store) == str(store / "bbb-environment")
    assert store_path(profile, store) == str(store / "bbb-environment")


def test_both_locks_are_stored_by_their_hash(tmp_path: Path) -> None:
    """A run names the very files that its software was made from."""
    for name in ("uv.lock", "flake.lock"):
        (tmp_path / name).write_text(name)
    told = source(tmp_path)
    assert told["uv_lock_sha256"] == hashlib.sha256(b"uv.lock").hexdigest()
    assert told["flake_lock_sha256"] == hashlib.sha256(b"flake.lock").hexdigest()


@pytest.mark.parametrize(
    ("told", "commit", "dirty"), [("0a1b2c", "0a1b2c", False), ("0a1b2c-dirty", "0a1b2c", True)]
)
def test_in_the_store_the_commit_comes_from_a_file(
    tmp_path: Path, told: str, commit: str, dirty: bool
) -> None:
    """There is no git in the Nix store; the package carries its commit."""
    (tmp_path / "COMMIT").write_text(f"{told}\n")
    found = source(tmp_path)
    assert (found["git_commit"], found["git_dirty"]) == (commit, dirty)


def test_without_git_and_without_a_package_the_commit_is_unknown(tmp_path: Path) -> None:
    """Nothing is made up."""
    found = source(tmp_path)
    assert (found["git_commit"], found["git_dirty"]) == ("unknown", None)


def test_a_tree_that_git_cannot_tell_is_not_called_clean(tmp_path: Path) -> None:
    """With a torn index the commit is known, and whether anything was changed is not."""

    def git(*words: str) -> None:
        command = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b"]
        subprocess.run([*command, *words], check=True, capture_output=True)

    git("init")
    (tmp_path / "bench").mkdir()
    (tmp_path / "bench/__main__.py").write_text("one")
    git("add", "bench")
    git("commit", "-m", "one")
    assert source(tmp_path)["git_dirty"] is False
    (tmp_path / "bench/__main__.py").write_text("two, and longer")
    (tmp_path / "a new one.py").write_text("")
    changed = source(tmp_path)
    assert changed["git_dirty"] is True
    assert changed["git_changes"] == ["bench/__main__.py", "a new one.py"]
    (tmp_path / ".git" / "index").write_bytes(b"torn")
    found = source(tmp_path)
    assert found["git_commit"] != "unknown"
    assert found["git_dirty"] is None


def test_a_tarball_within_another_repository_has_no_commit(tmp_path: Path) -> None:
    """That repository's commit is not the lab's. A lab that is part of a repository has its."""
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b"]
    for words in (["init"], ["commit", "--allow-empty", "-m", "theirs"]):
        subprocess.run([*git, *words], check=True, capture_output=True)
    root = tmp_path / "onecore"
    (root / "bench").mkdir(parents=True)
    (root / "bench/__main__.py").write_text("one")
    assert source(root)["git_commit"] == "unknown"
    for words in (["add", "onecore"], ["commit", "-m", "ours"]):
        subprocess.run([*git, *words], check=True, capture_output=True)
    assert source(root)["git_commit"] != "unknown"


def test_nobodys_settings_of_git_are_obeyed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that is new makes the tree another one, even where somebody's git does not list it;
    another repository in the environment is not asked.
    """
    (tmp_path / "home").mkdir()
    (tmp_path / "home/.gitconfig").write_text("[status]\n\tshowUntrackedFiles = no\n")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    root = tmp_path / "lab"
    (root / "bench").mkdir(parents=True)
    (root / "bench/__main__.py").write_text("one")
    git = ["git", "-C", str(root), "-c", "user.name=a", "-c", "user.email=a@b"]
    for words in (["init"], ["add", "."], ["commit", "-m", "one"]):
        subprocess.run([*git, *words], check=True, capture_output=True)
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    assert source(root)["git_dirty"] is False
    (root / "new").touch()
    assert source(root)["git_dirty"] is True


def test_what_is_not_known_of_the_tree_is_told() -> None:
    """Behind the commit there is nothing for a clean tree only."""
    assert changes_words(git_dirty=False) == ""
    assert "with uncommitted changes" in changes_words(git_dirty=True)
    assert "not known" in changes_words(git_dirty=None)
