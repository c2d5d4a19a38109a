"""Where the lab, its Python and its PostgreSQL came from."""

import hashlib
from pathlib import Path

import pytest

from bench.host import source, store_path


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
    assert source(tmp_path)["git_commit"] == "unknown"
