"""The seam through which the kernel's files are read and written."""

from pathlib import Path

import pytest

from bench.host import KernelTree


def test_what_the_kernel_does_not_offer_is_empty(tmp_path: Path) -> None:
    """A missing file, and a folder where a file is expected, read as nothing."""
    (tmp_path / "sys").mkdir()
    tree = KernelTree(tmp_path)
    assert tree.read("/proc/none") == ""
    assert tree.read("/sys") == ""
    assert tree.number("/proc/none") is None
    assert tree.cpus("/proc/none") == ()


def test_names_are_those_of_the_real_machine(tmp_path: Path) -> None:
    """A name that was found below a root can be read below that root."""
    (tmp_path / "proc/7").mkdir(parents=True)
    (tmp_path / "proc/7/stat").write_text("seven\n")
    tree = KernelTree(tmp_path)
    assert tree.names("/proc/[0-9]*/stat") == ("/proc/7/stat",)
    assert tree.read("/proc/7/stat") == "seven"


def test_a_setting_is_never_created(tmp_path: Path) -> None:
    """Writing to what is gone fails, rather than leaving a stray file."""
    with pytest.raises(FileNotFoundError):
        KernelTree(tmp_path).write("/setting", "1")
    assert list(tmp_path.iterdir()) == []


def test_a_shorter_value_replaces_a_longer_one(tmp_path: Path) -> None:
    """Nothing of the old value remains."""
    (tmp_path / "setting").write_text("powersave\n")
    tree = KernelTree(tmp_path)
    tree.write("/setting", "on")
    assert tree.read("/setting") == "on"
