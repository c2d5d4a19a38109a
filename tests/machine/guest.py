"""What the tests in the machine share: commands of the guide, and the kernel's answer to them."""

import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

from bench.placement import parse_cpulist

LAB = Path(__file__).parents[2]
CGROUPS = Path("/sys/fs/cgroup")
SLICES = ("init.scope", "system.slice", "user.slice")


def call(command: str, *, user: str = "", expect: int = 0, timeout_s: float = 1800) -> str:
    """What a command of the guide prints, both streams in one: root's, or a user's who has logged
    in for it.
    """
    words = ["bash", "-c", command]
    if user:
        words = [*_session(user), *words]
    done = subprocess.run(
        words,
        cwd=LAB,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    assert done.returncode == expect, done.stdout
    return done.stdout


def _session(user: str) -> tuple[str, ...]:
    """What runs a command in a session of its own, which has its cgroup in the user's slice."""
    return (
        "systemd-run",
        *("--quiet", "--pipe", "--wait", "--collect", "--same-dir"),
        *(f"--property=User={user}", "--property=PAMName=login"),
        f"--setenv=ONECORE_STATE=/home/{user}/state",
        f"--setenv=ONECORE_RESULTS=/home/{user}/results",
        "--setenv=LANG=C.UTF-8",
        "--",
    )


def cpus_of_unit(name: str, *, user: str = "") -> tuple[int, ...]:
    """The CPUs that the kernel lets a running unit's first process use."""
    scope = "--user " if user else ""
    pid = call(f"systemctl {scope}show --value -p MainPID {name}", user=user).strip()
    assert pid not in ("", "0"), f"{name} does not run"
    return cpus_of_process(int(pid))


def cpus_of_process(pid: int) -> tuple[int, ...]:
    """The CPUs that the kernel lets a process use."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"^Cpus_allowed_list:\s*(\S+)", status, re.MULTILINE)
    assert found
    return parse_cpulist(found[1])


def cpus_of_cgroup(name: str) -> tuple[int, ...]:
    """The CPUs that a cgroup's processes may use."""
    own = CGROUPS / name / "cpuset.cpus.effective"
    return parse_cpulist((own if own.exists() else CGROUPS / "cpuset.cpus.effective").read_text())


def running_units(*, user: str = "") -> list[str]:
    """The lab's units and slices that a manager still has."""
    scope = "--user " if user else ""
    listed = call(
        f"systemctl {scope}list-units --all --plain --no-legend --no-pager 'onecore*'", user=user
    )
    return [line.split()[0] for line in listed.splitlines() if line.strip()]


def switch(cpus: Iterable[int], *, online: bool) -> None:
    """Take CPUs offline, or bring them back."""
    for cpu in cpus:
        Path(f"/sys/devices/system/cpu/cpu{cpu}/online").write_text("1" if online else "0")


def make_user(name: str) -> None:
    """An ordinary user with a manager, state and results of their own."""
    call(f"useradd --create-home --shell /bin/bash {name}")
    call(f"loginctl enable-linger {name}")
    uid = Path(f"/home/{name}").stat().st_uid
    call(f"timeout 60 bash -c 'until [ -S /run/user/{uid}/bus ]; do sleep 0.2; done'")
