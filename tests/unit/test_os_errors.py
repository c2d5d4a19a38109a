"""What the system refuses, in words: whose a file is, what is in the way, what is no os_errors."""

import errno
import os
from pathlib import Path

import pytest

from bench.database.binaries import find_binaries
from bench.database.cluster import Cluster, ensure_clusters
from bench.database.secrets import Secrets
from bench.errors import SetupError
from bench.experiment import os_errors
from bench.experiment.assembly import open_lab
from bench.experiment.os_errors import refused, require_space
from bench.targets import known_targets


def os_error(code: int, path: Path | str | None = None) -> OSError:
    return OSError(code, os.strerror(code), path)


def test_another_users_file_is_told_with_its_owner(tmp_path: Path) -> None:
    """Whose the file is, or the folder that hides it; who you are; and where one's own could be."""
    (tmp_path / "file").touch()
    for path, owned in ((tmp_path / "file", tmp_path / "file"), (tmp_path / "gone", tmp_path)):
        told = refused(os_error(errno.EACCES, path))
        assert told is not None
        assert told.message == f"cannot use {path}: Permission denied"
        assert told.remedy.startswith(f"{owned} belongs to {owned.owner()}, and you are ")
        assert "ONECORE_STATE" in told.remedy


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        (errno.ENOSPC, "Free some space"),
        (errno.EEXIST, "Move away"),
        (errno.ENOTDIR, "Move away"),
        (errno.EISDIR, "Move away"),
    ],
)
def test_each_refusal_has_its_remedy(code: int, remedy: str) -> None:
    """A full disk wants space, a thing in the way wants to be moved."""
    told = refused(os_error(code, "/some/where"))
    assert told is not None
    assert "/some/where" in told.message
    assert remedy in told.remedy


@pytest.mark.parametrize(
    "error",
    [
        os_error(errno.ENOENT, "/gone"),
        os_error(errno.EBADF),
        os_error(errno.EPERM),
        ConnectionResetError(errno.ECONNRESET, "reset"),
        OSError("no number at all"),
    ],
)
def test_anything_else_is_no_refusal(error: OSError) -> None:
    """A missing file, a closed descriptor or a signal that may not be sent is the lab's fault."""
    assert refused(error) is None


def test_a_lab_whose_folder_is_a_file_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ONECORE_STATE names a file: no traceback, but the sentence and the remedy."""
    (tmp_path / "state").touch()
    monkeypatch.setenv("ONECORE_STATE", str(tmp_path / "state"))
    with pytest.raises(SetupError, match="cannot use") as caught:
        open_lab(())
    assert "ONECORE_STATE" in caught.value.remedy


def test_data_without_a_version_is_told(tmp_path: Path) -> None:
    """A folder in the place of a database that is none is refused with `make clean` as remedy."""
    (target, *_) = known_targets()
    cluster = Cluster(
        target.framework, target.database_port, tmp_path / "data", "127.0.0.1", find_binaries
    )
    cluster.directory.mkdir()
    with pytest.raises(SetupError, match="no PG_VERSION") as caught:
        ensure_clusters((cluster,), Secrets(tmp_path), lambda *_: "", lambda *_: None)
    assert "make clean" in caught.value.remedy


def test_a_full_disk_is_not_told_as_a_targets_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its figure, what failed by it and the remedy; where there is room, or no folder, nothing."""
    require_space(tmp_path / "elsewhere", "it ended")
    monkeypatch.setattr(os_errors, "LEAST_FREE_BYTES", 1)
    require_space(tmp_path, "it ended")
    monkeypatch.setattr(os_errors, "LEAST_FREE_BYTES", 1 << 62)
    with pytest.raises(SetupError, match=r"has \d+\.\d MB left: ") as caught:
        require_space(tmp_path, "could not extend file\nits log")
    assert caught.value.message.endswith("could not extend file")
    assert "Free some space" in caught.value.remedy
