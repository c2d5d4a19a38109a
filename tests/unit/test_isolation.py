"""Moving a machine's other work aside, and getting everything back, whatever happens between."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from bench.errors import SetupError, UnitFailed
from bench.isolation import UnitCpus, isolate, not_moved, unisolate
from bench.model import Placement
from bench.supervise.systemd.manager import Manager

PLACEMENT = Placement(app=(3,), database=(2,), generator=(1,), housekeeping=(0,))
BOOT = "/proc/sys/kernel/random/boot_id"
UNITS = ("init.scope", "system.slice", "user.slice")


class Crash(BaseException):
    """The power fails: nobody gets to clean up."""


@dataclass(frozen=True)
class FakeManager(Manager):
    """A systemd that has the units of a plain machine, and writes the drop-ins that a real one
    would. Confining fails for `refused`, and crashes at the n-th change.
    """

    root: Path = Path("/nonexistent")
    refused: str = ""
    crash_at: int = 10**6
    changes: list[str] = field(default_factory=list)

    def _drop_in(self, unit: str) -> Path:
        kind = "transient" if unit.endswith(".scope") else "system.control"
        return self.root / f"run/systemd/{kind}/{unit}.d/50-AllowedCPUs.conf"

    def ask(self, *words: str) -> CompletedProcess[str]:
        listed = "-.slice loaded\nonecore.slice loaded\nsystem.slice loaded\nuser.slice loaded\n"
        return CompletedProcess(words, 0, listed, "")

    def show(self, name: str, properties: tuple[str, ...] = ()) -> Mapping[str, str]:
        drop_in = self._drop_in(name)
        own = self.root / f"etc/{name}"
        allowed = next((file.read_text() for file in (drop_in, own) if file.exists()), "")
        effective = allowed or (self.root / f"cgroup/{name}").read_text()
        return {"LoadState": "loaded", "AllowedCPUs": allowed, "EffectiveCPUs": effective}

    def tell(self, *words: str) -> None:
        if words[0] != "set-property":
            return
        if len(self.changes) == self.crash_at:
            raise Crash
        _, _, unit, setting = words
        if unit == self.refused:
            raise UnitFailed("systemd says no")
        self.changes.append(unit)
        cpus = setting.removeprefix("AllowedCPUs=")
        assert cpus, "an empty list changes nothing on a real systemd"
        self._drop_in(unit).parent.mkdir(parents=True, exist_ok=True)
        self._drop_in(unit).write_text(cpus)
        (self.root / f"cgroup/{unit}").write_text(cpus)


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    (tmp_path / "cgroup").mkdir()
    for unit in UNITS:
        (tmp_path / "cgroup" / unit).write_text("0-3")
    boot = tmp_path / BOOT.lstrip("/")
    boot.parent.mkdir(parents=True)
    boot.write_text("boot-1")
    present = tmp_path / "sys/devices/system/cpu/present"
    present.parent.mkdir(parents=True)
    present.write_text("0-3")
    return tmp_path


def tree(machine: Path, **changes: object) -> UnitCpus:
    return UnitCpus(machine, FakeManager("system", root=machine, **changes))  # type: ignore[arg-type]


def values(machine: Path) -> dict[str, str]:
    return {unit: tree(machine).read(unit) for unit in UNITS}


def test_the_rest_moves_and_comes_back(machine: Path) -> None:
    """Everything is on the housekeeping CPU; then as before."""
    state = machine / "state.json"
    before = values(machine)
    isolate(PLACEMENT, tree(machine), state)
    assert values(machine) == dict.fromkeys(UNITS, "0")
    unisolate(tree(machine), state)
    assert values(machine) == before == dict.fromkeys(UNITS, "unset 0-3")
    assert not list(machine.glob("run/systemd/*/*"))
    assert not state.exists()


def test_what_was_confined_before_is_confined_again(machine: Path) -> None:
    """An administrator's own setting is restored, not removed."""
    tree(machine).manager.tell("set-property", "--runtime", "system.slice", "AllowedCPUs=0-2")
    isolate(PLACEMENT, tree(machine), machine / "state.json")
    unisolate(tree(machine), machine / "state.json")
    assert tree(machine).read("system.slice") == "0-2"


def test_what_a_units_own_file_says_holds_again(machine: Path) -> None:
    """No drop-in stays that would overrule later edits of that file."""
    (machine / "etc").mkdir()
    (machine / "etc/system.slice").write_text("0-2")
    (machine / "cgroup/system.slice").write_text("0-2")
    isolate(PLACEMENT, tree(machine), machine / "state.json")
    assert tree(machine).read("system.slice") == "0"
    unisolate(tree(machine), machine / "state.json")
    assert not list(machine.glob("run/systemd/*/*"))
    assert tree(machine).manager.show("system.slice")["AllowedCPUs"] == "0-2"


@pytest.mark.parametrize("crash_at", [0, 1, 2])
def test_a_crash_at_any_point_can_be_undone(machine: Path, crash_at: int) -> None:
    """What was there is on disk before anything is changed."""
    before = values(machine)
    with pytest.raises(Crash):
        isolate(PLACEMENT, tree(machine, crash_at=crash_at), machine / "state.json")
    unisolate(tree(machine), machine / "state.json")
    assert values(machine) == before


def test_twice_does_not_save_what_the_first_time_set(machine: Path) -> None:
    """The second isolate keeps the first one's memory."""
    before = values(machine)
    isolate(PLACEMENT, tree(machine), machine / "state.json")
    isolate(PLACEMENT, tree(machine), machine / "state.json")
    unisolate(tree(machine), machine / "state.json")
    assert values(machine) == before


def test_a_refusal_is_told_and_the_others_move(machine: Path) -> None:
    """One unit that cannot be confined is named with the reason."""
    outcomes = isolate(PLACEMENT, tree(machine, refused="init.scope"), machine / "state.json")
    told = {outcome.name: outcome for outcome in outcomes}
    assert told["init.scope"].kind == "failed"
    assert "systemd says no" in told["init.scope"].message
    assert told["system.slice"].kind == "set"


def test_only_units_can_be_written(machine: Path) -> None:
    """The state file decides what root writes: it cannot name anything else."""
    assert tree(machine).is_setting("system.slice")
    assert not tree(machine).is_setting("/proc/sys/kernel/panic")
    assert not tree(machine).is_setting("/etc/x.slice")
    assert not tree(machine).is_setting("../x.slice")


def test_a_cpu_that_was_offline_comes_back_too(machine: Path) -> None:
    """Siblings go offline for measuring; whoever is freed afterwards may use them again."""
    for unit in UNITS:
        (machine / "cgroup" / unit).write_text("0-2")
    isolate(PLACEMENT, tree(machine), machine / "state.json")
    unisolate(tree(machine), machine / "state.json")
    assert {(machine / "cgroup" / unit).read_text() for unit in UNITS} == {"0-3"}


def test_a_users_running_lab_keeps_its_cores(machine: Path) -> None:
    """Its session would be confined with it: refused, with whose it is, and nothing is changed."""
    unit = "user-1000.slice/user@1000.service/onecore.slice/onecore-app@drf.service"
    events = machine / "sys/fs/cgroup/user.slice" / unit / "cgroup.events"
    events.parent.mkdir(parents=True)
    events.write_text("populated 1\nfrozen 0")
    with pytest.raises(SetupError, match="user 1000") as refused:
        isolate(PLACEMENT, tree(machine), machine / "state.json")
    assert "make down" in refused.value.remedy
    assert not (machine / "state.json").exists()
    events.write_text("populated 0\nfrozen 0")
    isolate(PLACEMENT, tree(machine), machine / "state.json")


def test_what_systemd_did_not_make_is_named(machine: Path) -> None:
    """A container's cgroup on the app's core stays there: that is told, with its CPUs."""
    mount = machine / "sys/fs/cgroup"
    for name, cpus in (("docker", "0-3"), ("lxc", "0-1"), ("system.slice", "0-3")):
        (mount / name).mkdir(parents=True)
        (mount / name / "cgroup.events").write_text("populated 1")
        (mount / name / "cpuset.cpus.effective").write_text(cpus)
    (mount / "cgroup.controllers").write_text("cpuset cpu")
    assert not_moved(PLACEMENT, tree(machine)) == {"docker": (0, 1, 2, 3)}
