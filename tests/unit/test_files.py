"""Files that are there whole or not at all."""

import ast
import errno
import os
import resource
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench.files import full_disk, replacing, write_whole

ROOT = Path(__file__).parents[2]


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """The kernel refuses any byte of a file beyond these, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("old", [None, "old"])
def test_a_disk_that_is_full_leaves_what_was_there(tmp_path: Path, old: str | None) -> None:
    """The old file or none, no rest of the new one, and an error that names the file."""
    path = tmp_path / "report.html"
    if old is not None:
        path.write_text(old)
    with room_for(1000), pytest.raises(OSError) as caught:
        write_whole(path, "x" * 5000)
    assert (caught.value.errno, caught.value.filename) == (errno.EFBIG, str(path))
    assert [left.name for left in tmp_path.iterdir()] == ([path.name] if old else [])
    assert not old or path.read_text() == old


def test_whoever_has_it_open_keeps_the_old_one(tmp_path: Path) -> None:
    """Replaced, not rewritten; UTF-8, and no newline is changed."""
    path = tmp_path / "file"
    write_whole(path, b"old")
    with path.open("rb") as file:
        write_whole(path, "neu: µ ± \r\n", durable=True)
        assert file.read() == b"old"
    assert path.read_bytes() == "neu: µ ± \r\n".encode()


@pytest.mark.parametrize(
    ("mode", "umask", "expected"),
    [(None, 0o077, 0o600), (None, 0o022, 0o644), (0o644, 0o077, 0o644), (0o600, 0o000, 0o600)],
)
def test_a_mode_holds_under_any_umask(
    tmp_path: Path, mode: int | None, umask: int, expected: int
) -> None:
    """Without one the umask decides."""
    before = os.umask(umask)
    try:
        write_whole(tmp_path / "file", "text", mode=mode)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == expected


def test_a_new_owner_gets_it_before_it_has_its_name(tmp_path: Path) -> None:
    """When that fails, nothing appears."""

    def own(path: Path) -> None:
        assert path.read_text() == "text"
        assert not (tmp_path / "file").exists()
        raise PermissionError(errno.EPERM, "no")

    with pytest.raises(PermissionError):
        write_whole(tmp_path / "file", "text", own=own)
    assert list(tmp_path.iterdir()) == []


def test_a_writer_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    """Its own error is what is told."""
    with pytest.raises(ZeroDivisionError), replacing(tmp_path / "file") as path:
        _ = path.write_text("half") / 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT], ids=errno.errorcode.get)
def test_a_program_that_tells_of_a_full_disk_is_understood(number: int) -> None:
    """The first line that has the system's words, and which of the two it is."""
    line = f"cp: x: {os.strerror(number)}"
    assert full_disk(f"copying\n{line}\n{line} again") == (number, line)
    assert full_disk("cp: x: Permission denied") is None


WRITERS = {"write_text", "write_bytes"}
OTHERWISE = {
    "bench/load/users/swarm.py": "Locust's log, which grows",
    "bench/supervise/systemd/cgroup.py": "a file of the kernel's",
    "bench/supervise/systemd/supervisor.py": "a lock, which is empty",
}


def rewrites(tree: ast.AST) -> bool:
    """Whether a file is written in place somewhere in this module."""
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute | ast.Name):
            name = call.func.attr if isinstance(call.func, ast.Attribute) else call.func.id
            words = [argument.value for argument in call.args if isinstance(argument, ast.Constant)]
            opened = name == "open" and any("w" in str(word) for word in words)
            if name in WRITERS or opened:
                return True
    return False


def test_nothing_else_in_the_lab_rewrites_a_file() -> None:
    """A file that is written in place is half a file when the disk is full or the lab is killed."""
    found = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "bench").rglob("*.py")
        if rewrites(ast.parse(path.read_text(encoding="utf-8")))
    }
    assert found == set(OTHERWISE)
