"""The controller of units' CPUs is kept while one of them is offline, and no longer."""

from dataclasses import dataclass, field
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from bench.kernel import KernelTree
from bench.supervise.systemd.cpuset import LAB_SLICE, keep_cpuset, offline_cpus, present_cpus
from bench.supervise.systemd.manager import Manager

DROP_IN = f"run/systemd/system.control/{LAB_SLICE}.d/50-AllowedCPUs.conf"
EVENTS = f"sys/fs/cgroup/{LAB_SLICE}/cgroup.events"


@dataclass(frozen=True)
class FakeManager(Manager):
    """Does what systemd would with the lab's slice, and keeps what it was told."""

    root: Path = Path("/nonexistent")
    told: list[str] = field(default_factory=list)

    def tell(self, *words: str) -> None:
        self.told.append(" ".join(words))
        if words[0] == "set-property":
            (self.root / DROP_IN).parent.mkdir(parents=True, exist_ok=True)
            (self.root / DROP_IN).write_text(words[-1])
        if words[0] == "start":
            (self.root / EVENTS).parent.mkdir(parents=True, exist_ok=True)
            (self.root / EVENTS).write_text("populated 0\nfrozen 0\n")

    def ask(self, *words: str) -> CompletedProcess[str]:
        self.told.append(" ".join(words))
        if words[0] == "stop":
            (self.root / EVENTS).unlink()
        return CompletedProcess(words, 0, "", "")


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """Four CPUs, all online."""
    cpus = tmp_path / "sys/devices/system/cpu"
    cpus.mkdir(parents=True)
    (cpus / "present").write_text("0-3\n")
    (cpus / "online").write_text("0-3\n")
    return tmp_path


def take_offline(machine: Path, online: str) -> None:
    (machine / "sys/devices/system/cpu/online").write_text(f"{online}\n")


def kept(machine: Path) -> FakeManager:
    manager = FakeManager("system", root=machine)
    keep_cpuset(manager, KernelTree(machine))
    return manager


def test_which_cpus_are_offline(machine: Path) -> None:
    """Those that are there and not online."""
    take_offline(machine, "0,2")
    tree = KernelTree(machine)
    assert (present_cpus(tree), offline_cpus(tree)) == ((0, 1, 2, 3), (1, 3))


def test_nothing_is_asked_of_systemd_while_all_are_online(machine: Path) -> None:
    """Which is nearly always."""
    assert kept(machine).told == []


def test_a_slice_names_every_cpu_while_one_is_offline(machine: Path) -> None:
    """So that the last unit of the lab may end; the second time it is there already."""
    take_offline(machine, "0-2")
    named = [f"set-property --runtime {LAB_SLICE} AllowedCPUs=0-3", f"start {LAB_SLICE}"]
    assert kept(machine).told == named
    assert kept(machine).told == []


def test_nothing_is_left_when_all_are_back(machine: Path) -> None:
    """Neither on disk nor in memory."""
    take_offline(machine, "0-2")
    kept(machine)
    take_offline(machine, "0-3")
    assert kept(machine).told == ["daemon-reload", f"stop {LAB_SLICE}"]
    assert not (machine / DROP_IN).parent.exists()
    assert kept(machine).told == []


def test_a_lab_that_runs_in_that_slice_is_not_stopped(machine: Path) -> None:
    """It may be the one that asks."""
    take_offline(machine, "0-2")
    kept(machine)
    (machine / EVENTS).write_text("populated 1\nfrozen 0\n")
    take_offline(machine, "0-3")
    assert kept(machine).told == ["daemon-reload"]


def test_an_ordinary_users_manager_is_left_alone(machine: Path) -> None:
    """Its units lie below a cgroup that the machine's systemd keeps the controller for."""
    take_offline(machine, "0-2")
    manager = FakeManager("user", root=machine)
    keep_cpuset(manager, KernelTree(machine))
    assert manager.told == []
