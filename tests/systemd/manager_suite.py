"""What is asked of a real manager: run beside a private one by test_conformance.py."""

from pathlib import Path

from bench.kernel.cgroup import MOUNT
from bench.supervise.systemd.manager import find_manager


def test_its_cgroup_is_that_of_its_root_slice() -> None:
    """The slice's name begins with a dash, which is no option of systemctl's."""
    manager = find_manager()
    assert manager.cgroup.startswith("/")
    assert Path(MOUNT, manager.cgroup.lstrip("/"), "cgroup.controllers").exists()


def test_its_release_is_known() -> None:
    """What a release cannot do is refused by its number."""
    version = find_manager().version
    assert version is not None
    assert version >= 244
