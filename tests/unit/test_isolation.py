"""Moving a machine's other work aside, and getting everything back, whatever happens between."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from bench import isolation
from bench.errors import SetupError, UnitFailed
from bench.isolation import (
    UnitCpus,
    isolate,
    leave_the_confined,
    not_moved,
    top_level_units,
    unisolate,
)
from bench.model import Placement
from bench.supervise.systemd.cpuset import LAB_SLICE
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
        if not (self.root / f"cgroup/{name}").exists():
            return {"LoadState": "not-found", "AllowedCPUs": ""}
        drop_in = self._drop_in(name)
        own = self.root / f"etc/{name}"
        allowed = next((file.read_text() for file in (drop_in, own) if file.exists()), "")
        return {"LoadState": "loaded", "AllowedCPUs": allowed}

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
    (present.parent / "online").write_text("0-3")
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


def test_a_units_own_file_may_change_meanwhile(machine: Path) -> None:
    """It is theirs, and holds: nothing is left to be put back, for ever."""
    (machine / "etc").mkdir()
    own = machine / "etc/system.slice"
    own.write_text("0-2")
    isolate(PLACEMENT, tree(machine), machine / "state.json")
    own.write_text("0-1")
    outcomes = unisolate(tree(machine), machine / "state.json")
    assert {outcome.kind for outcome in outcomes} == {"restored"}
    assert not (machine / "state.json").exists()
    assert tree(machine).read("system.slice") == "unset 0-1"


def test_a_units_own_file_may_name_a_cpu_that_is_offline(machine: Path) -> None:
    """It is freed to all that the file says, and not to what is online by chance."""
    (machine / "etc").mkdir()
    (machine / "etc/user.slice").write_text("1-3")
    (machine / "cgroup/user.slice").write_text("1-2")
    isolate(PLACEMENT, tree(machine), machine / "state.json")
    unisolate(tree(machine), machine / "state.json")
    assert (machine / "cgroup/user.slice").read_text() == "1-3"


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


def test_the_controller_outlasts_a_cpu_that_is_offline(machine: Path) -> None:
    """It is kept from before the first unit is freed, until the CPU is back: see cpuset.py."""
    online = machine / "sys/devices/system/cpu/online"
    online.write_text("0-2")
    isolate(PLACEMENT, tree(machine), machine / "state.json")
    freeing = tree(machine)
    unisolate(freeing, machine / "state.json")
    assert isinstance(freeing.manager, FakeManager)
    assert freeing.manager.changes[0] == LAB_SLICE
    assert [path.parent.name for path in machine.glob("run/systemd/*/*/*")] == [f"{LAB_SLICE}.d"]
    online.write_text("0-3")
    unisolate(tree(machine), machine / "state.json")
    assert not list(machine.glob("run/systemd/*/*"))


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


@pytest.mark.parametrize(
    ("cgroup", "where"),
    [
        ("/user.slice/user-1000.slice/session-3.scope", "the session of user 1000"),
        ("/user.slice/user-0.slice/session-1.scope", "the session of user 0"),
        ("/system.slice/cron.service", "/system.slice/cron.service"),
        ("/onecore_lab.slice/run-1.scope", ""),
        ("/onecore.slice/onecore-app@drf.service", ""),
    ],
)
def test_a_running_lab_of_plain_processes_keeps_its_cores(
    machine: Path, cgroup: str, where: str
) -> None:
    """They are where they were started, and would be confined with whatever else is there."""
    process = machine / "proc/77"
    process.mkdir()
    (process / "stat").write_text("77 (python) S 1 77 77 " + "0 " * 45)
    (process / "environ").write_bytes(b"A=1\0ONECORE_UNIT=/lab/run/onecore-drf.json\0")
    (process / "cgroup").write_text(f"0::{cgroup}\n")
    if not where:
        isolate(PLACEMENT, tree(machine), machine / "state.json")
        return
    with pytest.raises(SetupError, match=f"a lab runs in {where}"):
        isolate(PLACEMENT, tree(machine), machine / "state.json")
    assert not (machine / "state.json").exists()


def cgroups(machine: Path, cpus_by_name: Mapping[str, str]) -> None:
    mount = machine / "sys/fs/cgroup"
    for name, cpus in cpus_by_name.items():
        (mount / name).mkdir(parents=True)
        (mount / name / "cgroup.events").write_text("populated 1")
        (mount / name / "cpuset.cpus.effective").write_text(cpus)
    (mount / "cgroup.controllers").write_text("cpuset cpu")


def test_what_systemd_did_not_make_is_named(machine: Path) -> None:
    """A container's cgroup on the app's core stays there: that is told, with its CPUs."""
    cgroups(machine, {"docker": "0-3", "lxc": "0-1", "system.slice": "0-3"})
    assert not_moved(PLACEMENT, tree(machine)) == {"docker": (0, 1, 2, 3)}


def test_whatever_else_of_systemd_s_runs_below_the_root_moves_too(machine: Path) -> None:
    """A service or scope may have been put beside the slices (`Slice=-.slice`); the lab's stay."""
    names = ("beside.service", "own.scope", "docker", "onecore_lab.slice", "init.scope")
    cgroups(machine, dict.fromkeys(names, "0-3"))
    found = top_level_units(tree(machine))
    assert found == ("init.scope", "beside.service", "own.scope", "system.slice", "user.slice")


def test_a_unit_that_has_ended_leaves_nothing(machine: Path) -> None:
    """Another one may come by its name, and would be confined."""
    cgroups(machine, {"beside.service": "0-3"})
    (machine / "cgroup/beside.service").write_text("0-3")
    isolate(PLACEMENT, tree(machine), machine / "state.json")
    assert list(machine.glob("run/systemd/*/beside.service.d/*"))
    (machine / "cgroup/beside.service").unlink()
    told = {
        outcome.name: outcome.kind for outcome in unisolate(tree(machine), machine / "state.json")
    }
    assert told["beside.service"] == "gone"
    assert not list(machine.glob("run/systemd/*/*"))
    assert not (machine / "state.json").exists()


def test_a_damaged_record_keeps_nobody_from_looking(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`status` and `down` go on where they are; `unisolate` says what is wrong."""
    damaged = tmp_path / "isolated.json"
    damaged.write_text("?")
    monkeypatch.setattr(isolation, "STATE", damaged)
    monkeypatch.setattr(isolation.os, "geteuid", lambda: 0)
    monkeypatch.setattr(isolation.sys, "argv", ["bench", "status"])
    leave_the_confined()
