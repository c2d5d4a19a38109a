"""The guide's last part: an ordinary user's own manager, with and without the cpuset controller."""

from pathlib import Path

import pytest

from tests.machine.guest import LAB, call, cpus_of_cgroup, cpus_of_unit, make_user, running_units

USER = "alice"


@pytest.fixture(scope="module", autouse=True)
def alice() -> None:
    """Somebody with state and results in their home, which others may not enter."""
    call(f"git config --global --add safe.directory {LAB}")
    make_user(USER)


def test_without_the_controller_units_are_pinned() -> None:
    """They run where they should, and the lab says that nothing confines them."""
    told = call("make up FRAMEWORK=drf", user=USER)
    assert "AllowedCPUs" in told or "cpuset" in told
    assert len(cpus_of_unit("onecore-app@drf", user=USER)) == 1
    call("make down", user=USER)
    assert running_units(user=USER) == []


def test_with_the_controller_units_are_confined() -> None:
    """The guide's Delegate=, read back from the unit's cgroup."""
    folder = Path("/etc/systemd/system/user@.service.d")
    folder.mkdir(parents=True)
    (folder / "onecore.conf").write_text("[Service]\nDelegate=cpu cpuset io memory pids\n")
    call("systemctl daemon-reload")
    uid = Path(f"/home/{USER}").stat().st_uid
    call(f"systemctl restart user@{uid}")
    call("make up FRAMEWORK=drf", user=USER)
    cgroup = call(
        "systemctl --user show --value -p ControlGroup onecore-app@drf", user=USER
    ).strip()
    confined = cpus_of_cgroup(cgroup.lstrip("/"))
    assert confined == cpus_of_unit("onecore-app@drf", user=USER)
    assert len(confined) == 1


def test_isolate_does_not_take_a_users_cores() -> None:
    """Refused while that user's lab runs, with whose it is; nothing has been confined."""
    uid = Path(f"/home/{USER}").stat().st_uid
    told = call("make isolate", expect=2)  # make's own code for any failure
    assert f"user {uid}" in told
    assert len(cpus_of_cgroup("user.slice")) > 1


def test_a_user_measures() -> None:
    """A run of one's own, and its report."""
    call("make bench FRAMEWORK=drf WORKLOAD=read ROUNDS=1", user=USER)
    call("make report", user=USER)
    call("make down", user=USER)


def test_a_user_is_told_who_confines() -> None:
    """On a machine that root has isolated, `doctor` names the cgroup and what to do."""
    call("make isolate")
    told = call("make doctor", user=USER)
    assert "user.slice is confined" in told
    strict = "make bench FRAMEWORK=drf WORKLOAD=read ROUNDS=1 STRICT=1"
    assert "share one physical core" in call(strict, user=USER, expect=2)
    call("make unisolate")
