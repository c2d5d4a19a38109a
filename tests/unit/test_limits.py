"""Limits of files and ports: raised, or told with their figures, and never a service's fault."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from bench.errors import SetupError, UsageError
from bench.experiment import assembly, openfiles
from bench.experiment.openfiles import OWN_FILES, require_files, require_queue
from bench.kernel.limits import RAISED, open_files, waiting_connections
from bench.kernel.tree import KernelTree
from bench.model import IN_FLIGHT_LIMIT, ClosedLoop, OpenLoop, Saturation, Sweep, Target, Users
from bench.targets import known_targets

from .factories import THREE, plan

ROOT = Path(__file__).parents[2]
TELL = """
import json, resource
from bench.kernel.limits import raise_soft_limits
raise_soft_limits()
print(json.dumps({
    name: resource.getrlimit(getattr(resource, "RLIMIT_" + name))
    for name in ("NOFILE", "CPU", "STACK", "CORE")
}))
"""


def test_soft_limits_are_raised_to_the_hard_ones() -> None:
    """Those that would stop a service; not a thread's stack, and not core dumps."""
    done = subprocess.run(
        ["prlimit", "--nofile=100:3000", "--cpu=60:120", "--stack=1000000:2000000", "--core=0:1",
         sys.executable, "-c", TELL],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert json.loads(done.stdout) == {
        "NOFILE": [3000, 3000],
        "CPU": [120, 120],
        "STACK": [1_000_000, 2_000_000],
        "CORE": [0, 1],
    }
    assert {"NOFILE", "NPROC", "AS"} <= set(RAISED)


@pytest.mark.parametrize(
    ("line", "allowed"),
    [
        ("Max open files            1024                 4096                 files", 1024),
        ("Max open files            unlimited            unlimited            files", None),
        ("Max processes             7                    7                    processes", None),
    ],
)
def test_a_limit_is_read_by_its_name(tmp_path: Path, line: str, allowed: int | None) -> None:
    """Wherever a kernel writes the line."""
    (tmp_path / "1").mkdir()
    (tmp_path / "1/limits").write_text(f"Limit   Soft Limit   Hard Limit   Units\n{line}\n")
    assert open_files(1, str(tmp_path)) == allowed
    assert open_files(2, str(tmp_path)) is None


@pytest.mark.parametrize(
    ("changes", "connections"),
    [
        ({"pacing": ClosedLoop(700)}, 700),
        ({"pacing": OpenLoop(5.0)}, IN_FLIGHT_LIMIT),
        ({"pacing": Users(4000, 10.0)}, 4000),
        ({"study": Sweep((1, 900, 20))}, 900),
        ({"study": Saturation(0.1, "constant", 20)}, IN_FLIGHT_LIMIT),
    ],
)
def test_what_a_plan_may_open(changes: dict[str, object], connections: int) -> None:
    """Of all its windows, the one with the most connections."""
    assert plan(**changes).connections == connections


@dataclass
class OneLab:
    """Apps that run as process 1, 2 and 3."""

    targets = THREE

    def app_pid(self, target: Target) -> int:
        return 1 + THREE.index(target)


@pytest.mark.parametrize("short", ["self", 2])
def test_too_few_files_are_refused_with_the_figures(
    monkeypatch: pytest.MonkeyPatch, short: int | str
) -> None:
    """Before anything is measured, and with whose they are."""
    asked = plan(pacing=ClosedLoop(1000))
    few: dict[object, int] = {short: 1000 + OWN_FILES - 1}
    monkeypatch.setattr(openfiles, "open_files", lambda pid="self": few.get(pid, 100_000))
    with pytest.raises(SetupError) as caught:
        require_files(OneLab(), asked)  # type: ignore[arg-type]
    who = "the load generator" if short == "self" else THREE[1].title
    assert f"{who} may have 1127 files open" in caught.value.message
    assert "1000 connections need 1128" in caught.value.message
    assert "CONCURRENCY" in caught.value.remedy
    few[short] += 1
    require_files(OneLab(), asked)  # type: ignore[arg-type]


def test_a_queue_that_is_too_short_is_refused_with_the_figures(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Connections of a closed loop come at once; an open loop opens as many as it needs."""
    (tmp_path / "proc/sys/net/core").mkdir(parents=True)
    (tmp_path / "proc/sys/net/core/somaxconn").write_text("128\n")
    short = waiting_connections(KernelTree(tmp_path))
    assert short == 128
    assert waiting_connections(KernelTree(tmp_path / "elsewhere")) is None
    monkeypatch.setattr(openfiles, "waiting_connections", lambda: short)
    for asked in (
        plan(pacing=ClosedLoop(129)),
        plan(pacing=ClosedLoop(129), study=Sweep((1, 129))),
    ):
        with pytest.raises(SetupError) as caught:
            require_queue(asked)
        assert "129 connections are opened at once" in caught.value.message
        assert "lets 128 wait" in caught.value.message
        assert "somaxconn=" in caught.value.remedy
    require_queue(plan(pacing=ClosedLoop(128)))
    require_queue(plan(pacing=OpenLoop(5.0)))


def test_an_address_of_another_machine_is_refused() -> None:
    """Before it looks like a port that somebody else holds."""
    assembly._require_own("127.0.0.1")
    with pytest.raises(UsageError, match=r"BIND=192\.0\.2\.1 cannot be used"):
        assembly._require_own("192.0.2.1")  # for documentation: nobody has it


def test_ports_that_clients_may_be_given_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before one is taken, with the range, and what would keep them."""
    monkeypatch.setattr(
        assembly, "given_to_clients", lambda ports: tuple(port for port in ports if port > 40_000)
    )
    monkeypatch.setattr(assembly, "ports_for_clients", lambda: (32_768, 60_999))
    assert assembly._port_note(known_targets()) == ""
    told = assembly._port_note(known_targets(46_000))
    assert "from 32768 to 60999" in told
    assert "51000" in told
    assert "ip_local_reserved_ports=" in told
