"""Who runs the services: what is asked for, what the machine offers, and why it cannot be."""

from dataclasses import replace
from pathlib import Path

import pytest

from bench.errors import SetupError, UsageError
from bench.experiment import supervisors
from bench.experiment.supervisors import (
    Ground,
    choose_supervisor,
    reachable_supervisors,
    require_path_for_credentials,
)
from bench.kernel.cgroup import Hierarchy
from bench.model import Site
from bench.supervise.systemd.keeper import Keeper, forget, keepers, remember
from bench.supervise.systemd.manager import Manager

BOOT = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
NOTHING = "PID 1 is not systemd"


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    site = Site(root=tmp_path, state=tmp_path, results=tmp_path)
    return Ground(site, tmp_path)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch):
    """Sets which manager there is, which controllers it hands on, and who asks."""

    def make(scope: str | None, *, uid: int, cpuset: bool = True) -> None:
        def find() -> Manager:
            if scope is None:
                raise SetupError(NOTHING, "Start one.")
            return Manager(scope)  # type: ignore[arg-type]

        monkeypatch.setattr(supervisors, "find_manager", find)
        monkeypatch.setattr(
            Manager, "controllers", lambda _: frozenset({"cpuset"} if cpuset else {"memory"})
        )
        monkeypatch.setattr("os.geteuid", lambda: uid)
        monkeypatch.setenv("XDG_RUNTIME_DIR", "/nonexistent")

    return make


@pytest.mark.parametrize(
    ("scope", "uid", "chosen"),
    [
        ("system", 0, "systemd (system)"),
        ("user", 1000, "systemd (user)"),
        ("user", 0, "process"),
        (None, 0, "process"),
        (None, 1000, "process"),
    ],
)
def test_the_machine_decides(ground, machine, monkeypatch, scope, uid, chosen) -> None:
    """Root's units are the system's, others' their own manager's; else plain processes."""
    monkeypatch.delenv("SUPERVISOR", raising=False)
    machine(scope, uid=uid)
    assert choose_supervisor(ground)[0].name == chosen


def test_what_is_asked_for_is_done_or_refused_with_the_reason(ground, machine, monkeypatch) -> None:
    """SUPERVISOR=systemd without one says why, and what else there is."""
    machine(None, uid=1000)
    monkeypatch.setenv("SUPERVISOR", "systemd")
    with pytest.raises(SetupError, match=NOTHING) as caught:
        choose_supervisor(ground)
    assert "SUPERVISOR=process" in caught.value.remedy
    machine("system", uid=0)
    monkeypatch.setenv("SUPERVISOR", "process")
    assert choose_supervisor(ground)[0].name == "process"


def test_an_unknown_supervisor_is_refused(ground, monkeypatch) -> None:
    """The known ones are named."""
    monkeypatch.setenv("SUPERVISOR", "docker")
    with pytest.raises(UsageError, match="docker") as caught:
        choose_supervisor(ground)
    assert "systemd, process" in caught.value.remedy


def test_what_a_users_manager_cannot_do_is_told_with_the_drop_in(
    ground, machine, monkeypatch
) -> None:
    """Without cpuset there is a note with the file that grants it; with it there is none."""
    monkeypatch.delenv("SUPERVISOR", raising=False)
    machine("user", uid=1000, cpuset=False)
    (note,) = choose_supervisor(ground)[1]
    assert "AllowedCPUs=" in note
    assert "Delegate=cpu cpuset io memory pids" in note
    machine("user", uid=1000, cpuset=True)
    assert choose_supervisor(ground)[1] == ()


def test_down_looks_at_everyone_who_may_run_something(ground, machine) -> None:
    """What another supervisor has started is stopped too."""
    machine("user", uid=1000)
    assert [supervisor.name for supervisor in reachable_supervisors(ground)] == [
        "process",
        "systemd (user)",
    ]
    machine(None, uid=1000)
    assert [supervisor.name for supervisor in reachable_supervisors(ground)] == ["process"]


@pytest.fixture
def left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Leaves the mark of user 1000's manager, below whose cgroup something runs, or did."""
    mounted = (Hierarchy(str(tmp_path / "cgroup"), "/", 2),)
    monkeypatch.setattr("bench.supervise.systemd.cgroup.hierarchies", lambda _: mounted)

    def leave(*, boot: str = "", alive: bool = True) -> Keeper:
        kept = Keeper("user", 1000, "/run/user/1000", "/user.slice/onecore.slice", BOOT)
        remember(replace(kept, boot=boot or kept.boot), tmp_path)
        folder = tmp_path / "cgroup" / "user.slice" / "onecore.slice"
        folder.mkdir(parents=True)
        if alive:
            (folder / "cgroup.procs").touch()
        return kept

    return leave


@pytest.mark.parametrize(
    ("scope", "uid", "runtime"),
    [(None, 1000, ""), ("user", 1000, "/run/user/other"), ("system", 0, "/run/user/1000")],
    ids=["no session", "another manager", "root"],
)
def test_what_cannot_be_reached_but_runs_is_never_nothing(
    ground, machine, monkeypatch, left, scope, uid, runtime
) -> None:
    """down and clean refuse, and name the command that reaches it."""
    left()
    machine(scope, uid=uid)
    monkeypatch.setenv("XDG_RUNTIME_DIR", runtime)
    monkeypatch.setenv("PORT_OFFSET", "100")
    with pytest.raises(SetupError, match="cannot be reached") as caught:
        reachable_supervisors(ground)
    assert "PORT_OFFSET=100 XDG_RUNTIME_DIR=/run/user/1000" in caught.value.remedy
    assert caught.value.remedy.endswith("bench down")
    assert ("sudo" in caught.value.remedy) == (uid == 0)


def test_the_manager_that_runs_them_is_reached(ground, machine, monkeypatch, left) -> None:
    """Who started the services stops them."""
    left()
    machine("user", uid=1000)
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/1000")
    assert [supervisor.name for supervisor in reachable_supervisors(ground)] == [
        "process",
        "systemd (user)",
    ]


@pytest.mark.parametrize("changes", [{"boot": "an earlier one"}, {"alive": False}], ids=repr)
def test_what_has_ended_with_its_manager_hinders_nobody(ground, machine, left, changes) -> None:
    """A restart of the machine, or the end of the last session, has ended the units."""
    left(**changes)
    machine(None, uid=1000)
    assert [supervisor.name for supervisor in reachable_supervisors(ground)] == ["process"]


def test_a_mark_is_taken_away_again(left, tmp_path) -> None:
    """Nothing stays in the state folder."""
    kept = left()
    assert keepers(tmp_path) == (kept,)
    forget(kept, tmp_path)
    assert keepers(tmp_path) == ()
    assert not (tmp_path / "managers").exists()


def test_a_mark_that_cannot_be_read_is_told(ground, machine, left, tmp_path) -> None:
    """Nobody guesses that nothing runs."""
    left()
    (tmp_path / "managers" / "user-1000.json").write_text("{}")
    machine(None, uid=1000)
    with pytest.raises(SetupError, match="does not tell") as caught:
        reachable_supervisors(ground)
    assert "rm " in caught.value.remedy


def test_a_folder_that_systemd_cannot_take_credentials_from_is_refused() -> None:
    """With the two ways out; older releases take it, and one that is not known is tried."""
    blank = Path("/srv/the lab/.lab/default")
    with pytest.raises(SetupError, match="the lab") as refused:
        require_path_for_credentials(257, blank)
    assert "ONECORE_STATE=" in refused.value.remedy
    assert "SUPERVISOR=process" in refused.value.remedy
    for version, state in ((252, blank), (None, blank), (257, Path("/srv/lab"))):
        require_path_for_credentials(version, state)
