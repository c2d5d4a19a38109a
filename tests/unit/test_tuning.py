"""Tuning a machine in a folder, and getting it back exactly as it was, whatever happens between."""

import errno
import json
import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bench import tuning
from bench.errors import SetupError
from bench.host import KernelTree, Setting
from bench.tuning import require_root, tune, tuned_names, untune

GOVERNOR = "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"
TURBO = "/sys/devices/system/cpu/intel_pstate/no_turbo"
IRQ = "/proc/irq/24/smp_affinity_list"
BOOT = "/proc/sys/kernel/random/boot_id"

BEFORE = {GOVERNOR: "schedutil", TURBO: "0", IRQ: "0-3"}
WANTED = (Setting(GOVERNOR, "performance"), Setting(TURBO, "1"), Setting(IRQ, "0-2"))


class Crash(BaseException):
    """The power fails: nobody gets to clean up."""


@dataclass(frozen=True)
class FailingTree(KernelTree):
    """Refuses to write some files, and crashes at its n-th write."""

    refused: tuple[str, ...] = ()
    crash_at: int = 10**6
    written: list[str] = field(default_factory=list)

    def write(self, name: str, text: str) -> None:
        if len(self.written) == self.crash_at:
            raise Crash
        self.written.append(name)
        if name in self.refused:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        super().write(name, text)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, value in {**BEFORE, BOOT: "boot-1"}.items():
        path = tmp_path / "root" / name.lstrip("/")
        path.parent.mkdir(parents=True)
        path.write_text(value + "\n")
    return tmp_path / "root"


@pytest.fixture
def tree(root: Path) -> KernelTree:
    return KernelTree(root)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "run/onecore/tuned.json"


def now(tree: KernelTree) -> dict[str, str]:
    return {name: tree.read(name) for name in BEFORE}


def kinds(outcomes: tuple[tuning.SettingOutcome, ...]) -> dict[str, str]:
    return {outcome.name: outcome.kind for outcome in outcomes}


# --- there and back ---------------------------------------------------------------------------


def test_tune_sets_what_is_wanted_and_untune_restores_it(tree: KernelTree, state: Path) -> None:
    """Values and nothing else come back; no state is left behind."""
    assert set(kinds(tune(WANTED, tree, state)).values()) == {"set"}
    assert now(tree) == {setting.name: setting.value for setting in WANTED}
    assert tuned_names(tree, state) == sorted(BEFORE)
    assert set(kinds(untune(tree, state)).values()) == {"restored"}
    assert now(tree) == BEFORE
    assert tuned_names(tree, state) == []
    assert list(state.parent.iterdir()) == []


def test_untune_goes_backwards(root: Path, tree: KernelTree, state: Path) -> None:
    """What was changed last is put back first."""
    tune(WANTED, tree, state)
    watched = FailingTree(root)
    untune(watched, state)
    assert watched.written == [setting.name for setting in reversed(WANTED)]


def test_untune_without_tune_does_nothing(tree: KernelTree, state: Path) -> None:
    """Nothing is assumed about how the machine should be."""
    assert untune(tree, state) == ()
    assert now(tree) == BEFORE


def test_untune_twice_is_untune_once(root: Path, tree: KernelTree, state: Path) -> None:
    """What somebody sets after the first one is theirs."""
    tune(WANTED, tree, state)
    untune(tree, state)
    tree.write(GOVERNOR, "ondemand")
    assert untune(tree, state) == ()
    assert tree.read(GOVERNOR) == "ondemand"


def test_tuning_twice_keeps_the_first_saved_values(tree: KernelTree, state: Path) -> None:
    """Also when the second time sets more, or a value was changed in between."""
    tune(WANTED[:1], tree, state)
    tree.write(GOVERNOR, "ondemand")
    tune(WANTED, tree, state)
    untune(tree, state)
    assert now(tree) == BEFORE


def test_what_is_right_already_is_neither_saved_nor_written(root: Path, state: Path) -> None:
    """A machine that needs nothing is left without a trace."""
    tree = FailingTree(root)
    settings = [Setting(name, value) for name, value in BEFORE.items()]
    assert set(kinds(tune(settings, tree, state)).values()) == {"unchanged"}
    assert tree.written == []
    assert not state.exists()


# --- crashes ----------------------------------------------------------------------------------


@pytest.mark.parametrize("writes", range(len(WANTED)))
def test_a_crash_while_tuning_loses_nothing(root: Path, state: Path, writes: int) -> None:
    """Everything is saved before the first write, so untune knows it all."""
    with pytest.raises(Crash):
        tune(WANTED, FailingTree(root, crash_at=writes), state)
    untune(KernelTree(root), state)
    assert now(KernelTree(root)) == BEFORE


@pytest.mark.parametrize("writes", range(len(WANTED)))
def test_tuning_again_after_a_crash(root: Path, state: Path, writes: int) -> None:
    """The half-tuned values do not replace the saved ones."""
    with pytest.raises(Crash):
        tune(WANTED, FailingTree(root, crash_at=writes), state)
    tune(WANTED, KernelTree(root), state)
    assert now(KernelTree(root)) == {setting.name: setting.value for setting in WANTED}
    untune(KernelTree(root), state)
    assert now(KernelTree(root)) == BEFORE


@pytest.mark.parametrize("writes", range(len(WANTED)))
def test_a_crash_while_restoring_can_be_repeated(
    root: Path, tree: KernelTree, state: Path, writes: int
) -> None:
    """The saved values stay until all of them are back."""
    tune(WANTED, tree, state)
    with pytest.raises(Crash):
        untune(FailingTree(root, crash_at=writes), state)
    untune(tree, state)
    assert now(tree) == BEFORE


def test_nothing_is_changed_when_nothing_can_be_saved(
    root: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk costs nobody their settings."""

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(tuning.os, "fsync", full)
    tree = FailingTree(root)
    with pytest.raises(SetupError, match="cannot save"):
        tune(WANTED, tree, state)
    assert tree.written == []
    assert not state.exists()


# --- what cannot be done ----------------------------------------------------------------------


def test_a_setting_that_is_refused_is_told(root: Path, state: Path) -> None:
    """The others are set all the same, and restored."""
    outcomes = tune(WANTED, FailingTree(root, refused=(TURBO,)), state)
    assert kinds(outcomes) == {GOVERNOR: "set", TURBO: "failed", IRQ: "set"}
    assert "Read-only file system" in outcomes[1].message
    assert tuned_names(KernelTree(root), state) == sorted({GOVERNOR, IRQ})
    assert kinds(untune(KernelTree(root), state)) == {GOVERNOR: "restored", IRQ: "restored"}
    assert now(KernelTree(root)) == BEFORE


def test_nothing_stays_saved_where_everything_was_refused(root: Path, state: Path) -> None:
    """No run says that it was tuned."""
    tune(WANTED, FailingTree(root, refused=tuple(BEFORE)), state)
    assert not state.exists()


def test_a_value_that_does_not_stick_is_told(root: Path, state: Path) -> None:
    """Some files take a write and keep their value."""

    class Deaf(KernelTree):
        def write(self, name: str, text: str) -> None:
            pass

    (outcome,) = tune(WANTED[:1], Deaf(root), state)
    assert outcome.kind == "failed"
    assert "did not take performance" in outcome.message


def test_a_setting_that_is_not_there_is_told(tree: KernelTree, state: Path) -> None:
    """It is not created, and nothing is saved for it."""
    (outcome,) = tune([Setting("/sys/none", "1")], tree, state)
    assert outcome.kind == "failed"
    assert not tree.exists("/sys/none")
    assert not state.exists()


def test_what_cannot_be_restored_stays_saved(root: Path, tree: KernelTree, state: Path) -> None:
    """It is told with the value it had, and can be tried again."""
    tune(WANTED, tree, state)
    outcomes = untune(FailingTree(root, refused=(IRQ,)), state)
    (failed,) = (outcome for outcome in outcomes if outcome.kind == "failed")
    assert (failed.name, "it was 0-3" in failed.message) == (IRQ, True)
    assert tree.read(GOVERNOR) == "schedutil"
    assert kinds(untune(tree, state)) == {IRQ: "restored"}
    assert now(tree) == BEFORE


def test_what_has_disappeared_is_told_once(tree: KernelTree, state: Path) -> None:
    """A CPU or a device may be gone: nothing is left to restore, which is nobody's failure."""
    tune(WANTED, tree, state)
    tree.path(IRQ).unlink()
    assert kinds(untune(tree, state)) == {IRQ: "gone", GOVERNOR: "restored", TURBO: "restored"}
    assert untune(tree, state) == ()


# --- the state file ---------------------------------------------------------------------------


def test_values_of_an_earlier_boot_are_void(tree: KernelTree, state: Path) -> None:
    """The restart has put the kernel's settings back; numbers of interrupts may mean others."""
    tune(WANTED, tree, state)
    tree.write(BOOT, "boot-2")
    tree.write(GOVERNOR, "ondemand")
    assert untune(tree, state) == ()
    assert tree.read(GOVERNOR) == "ondemand"
    assert not state.exists()


def test_tuning_after_a_restart_saves_afresh(tree: KernelTree, state: Path) -> None:
    """The old boot's values do not win over this boot's."""
    tune(WANTED, tree, state)
    tree.write(BOOT, "boot-2")
    tree.write(GOVERNOR, "ondemand")
    tune(WANTED, tree, state)
    untune(tree, state)
    assert tree.read(GOVERNOR) == "ondemand"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"version": 1, "boot": "boot-1"}',
        '{"version": 2, "boot": "boot-1", "values": {}}',
        json.dumps({"version": 1, "boot": "boot-1", "values": {"/etc/passwd": "x"}}),
        json.dumps({"version": 1, "boot": "boot-1", "values": {"/sys/../etc/passwd": "x"}}),
    ],
)
def test_a_strange_state_file_stops_everything(
    root: Path, tree: KernelTree, state: Path, text: str
) -> None:
    """Neither overwritten nor believed: it may be all that is left of the old values."""
    state.parent.mkdir(parents=True)
    state.write_text(text)
    for act in (lambda: tune(WANTED, tree, state), lambda: untune(tree, state)):
        with pytest.raises(SetupError, match="not a list of saved settings"):
            act()
    assert now(tree) == BEFORE
    assert state.read_text() == text


def test_others_cannot_write_the_state(tree: KernelTree, state: Path) -> None:
    """Root restores what it says."""
    tune(WANTED, tree, state)
    assert state.parent.stat().st_mode & 0o022 == 0
    assert state.stat().st_mode & 0o022 == 0


# --- root -------------------------------------------------------------------------------------


def test_who_is_not_root_gets_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 1, with what to paste."""
    monkeypatch.setattr(tuning.os, "geteuid", lambda: 1000)
    with pytest.raises(SetupError, match="needs root") as raised:
        require_root("tune")
    assert raised.value.exit_code == 1
    assert raised.value.remedy.startswith("sudo ")
    assert raised.value.remedy.endswith("-m bench tune")


def test_root_may(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is asked then."""
    monkeypatch.setattr(tuning.os, "geteuid", lambda: 0)
    require_root("untune")


def test_a_run_records_what_is_tuned(tree: KernelTree, state: Path) -> None:
    """By name, as long as it has not been put back; an unreadable state is not taken for none."""
    assert tuned_names(tree, state) == []
    tune(WANTED, tree, state)
    assert tuned_names(tree, state)
    assert state.stat().st_mode & 0o044 == 0o044
    state.write_text("?")
    assert tuned_names(tree, state) is None


class Managing(KernelTree):
    """A kernel that places interrupts by itself."""

    def write(self, name: str, text: str) -> None:
        if name.startswith("/proc/irq/"):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        super().write(name, text)


def test_an_interrupt_that_the_kernel_places_is_no_failure(root: Path, state: Path) -> None:
    """The kernel refuses with EIO and goes on placing it: told as what it is."""
    (outcome,) = tune((Setting(IRQ, "0"),), Managing(root), state)
    assert outcome.kind == "kept"
    assert "the kernel places this interrupt" in outcome.message
    assert not state.exists()


def test_an_interrupt_that_the_kernel_has_come_to_place_is_let_go(
    root: Path, tree: KernelTree, state: Path
) -> None:
    """Putting it back would be refused each time, for ever."""
    tune(WANTED, tree, state)
    assert kinds(untune(Managing(root), state))[IRQ] == "kept"
    assert not state.exists()


def test_interrupts_of_siblings_alone_come_back_with_them(root: Path, state: Path) -> None:
    """Without SMT the kernel sends them anywhere, and leaves them there."""
    switch, mine = "/sys/devices/system/cpu/smt/control", "/proc/irq/30/smp_affinity_list"
    topology = "/sys/devices/system/cpu/cpu{}/topology/thread_siblings_list"
    files = {switch: "on", mine: "3", topology.format(1): "1,3", topology.format(3): "1,3"}
    for name, value in files.items():
        path = root / name.lstrip("/")
        path.parent.mkdir(parents=True)
        path.write_text(value)

    class Offlining(KernelTree):
        def write(self, name: str, text: str) -> None:
            super().write(name, text)
            if (name, text) == (switch, "off"):
                super().write(mine, "0-3")

    tree = Offlining(root)
    tune((*WANTED, Setting(switch, "off")), tree, state)
    assert tree.read(mine) == "0-3"
    assert [outcome.name for outcome in untune(tree, state)][:1] == [switch]
    assert (tree.read(mine), now(tree)) == ("3", BEFORE)
