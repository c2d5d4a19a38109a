"""What is read from a machine's files, one subject at a time."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from bench.host import cpu_totals, machine, window_counters
from bench.host.cpus import (
    TICK_S,
    Confinement,
    confinement,
    cpu_clock,
    cpu_ticks,
    events_between,
    isolated_cpus,
    others_cpus,
    siblings,
    smt_groups,
    thermal_events,
    turbo_switches,
    usable_cpus,
)
from bench.host.machine_facts import python_build
from bench.host.memory import memory, pressure
from bench.host.neighbours import busy_processes, interrupts, process_ticks
from bench.host.quota import Quota, quota
from bench.kernel import KernelTree

from .machine import CPU, make_tree, process, write_files


@pytest.fixture
def tree(tmp_path: Path) -> KernelTree:
    return make_tree(tmp_path)


# --- CPUs -------------------------------------------------------------------------------------


def test_cpu_time_is_split_into_busy_steal_and_all(tree: KernelTree) -> None:
    """Steal is not busy, and idling counts in the total only."""
    ticks = cpu_ticks(tree)
    assert sorted(ticks) == [0, 1, 2, 3]
    assert (ticks[1].busy, ticks[1].steal, ticks[1].total) == (100, 10, 1110)


def test_totals_are_of_the_cpus_asked_for(tree: KernelTree) -> None:
    """Two CPUs have twice the time; one that is not there has none."""
    assert cpu_totals((0, 1, 9), tree).busy_s == pytest.approx(200 * TICK_S)
    assert cpu_totals((0, 1, 9), tree).steal_s == pytest.approx(20 * TICK_S)


def test_siblings_are_the_other_threads_of_the_same_cores(tree: KernelTree) -> None:
    """A CPU is not its own sibling."""
    groups = smt_groups(tree)
    assert groups == ((0, 2), (1, 3))
    assert siblings((3,), groups) == (1,)
    assert siblings((0, 2), groups) == ()


def test_a_clock_that_the_kernel_does_not_show_is_empty(tmp_path: Path) -> None:
    """Virtual machines have no cpufreq at all."""
    clock = cpu_clock(0, KernelTree(tmp_path))
    assert (clock.governor, clock.governors, clock.top_khz) == ("", (), None)


def test_governor_and_limits_are_read_per_cpu(tree: KernelTree) -> None:
    """The limit that is set and the one of the hardware are two things."""
    clock = cpu_clock(3, tree)
    assert clock.governor == "powersave"
    assert (clock.top_khz, clock.hardware_khz) == (2_000_000, 3_500_000)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param({"intel_pstate/no_turbo": "0"}, [False], id="Intel, on"),
        pytest.param({"intel_pstate/no_turbo": "1"}, [True], id="Intel, off"),
        pytest.param({"cpufreq/boost": "1"}, [False], id="common switch, on"),
        pytest.param({"cpufreq/boost": "0"}, [True], id="common switch, off"),
        pytest.param(
            {"cpufreq/policy0/boost": "1", "cpufreq/policy1/boost": "0"},
            [False, True],
            id="a switch per policy",
        ),
        pytest.param({}, [], id="no switch"),
    ],
)
def test_turbo_has_three_kinds_of_switches(
    tmp_path: Path, files: Mapping[str, str], expected: list[bool]
) -> None:
    """One of them says what to switch off, the others what to switch on."""
    write_files(tmp_path, {f"{CPU}/{name}": text for name, text in files.items()})
    assert [switch.is_off for switch in turbo_switches(KernelTree(tmp_path))] == expected


def test_thermal_events_are_of_these_cpus_or_unknown(tree: KernelTree, tmp_path: Path) -> None:
    """A machine that does not count them is not one that had none."""
    assert thermal_events((0, 1), tree) == 6
    assert thermal_events((0, 1), KernelTree(tmp_path / "elsewhere")) is None


# --- company ----------------------------------------------------------------------------------


def test_a_busy_process_is_told_with_its_share(tmp_path: Path) -> None:
    """A name may hold blanks and brackets; who was idle is left out."""
    make_tree(tmp_path, process(10, 100, name="a (b) c", cpu=3) | process(11, 5))
    tree = KernelTree(tmp_path)
    before = process_ticks(tree)
    write_files(tmp_path, process(10, 150, name="a (b) c", cpu=3))
    (busy,) = busy_processes(before, process_ticks(tree), 100, own=())
    assert (busy.pid, busy.name, busy.share, busy.cpu) == (10, "a (b) c", 0.5, 3)


def test_the_labs_own_processes_are_no_company(tmp_path: Path) -> None:
    """Nor are their children and grandchildren, whatever the order of their numbers."""
    family = {10: 99, 99: 50, 50: 1, 77: 1}
    for pid, parent in family.items():
        make_tree(tmp_path, process(pid, 0, parent=parent))
    tree = KernelTree(tmp_path)
    before = process_ticks(tree)
    for pid, parent in family.items():
        write_files(tmp_path, process(pid, 10, parent=parent))
    found = busy_processes(before, process_ticks(tree), 100, own=(50,))
    assert [busy.pid for busy in found] == [77]


def test_interrupts_that_never_came_are_left_out(tree: KernelTree) -> None:
    """So are those without a number, such as the local timer."""
    found = {interrupt.number: interrupt for interrupt in interrupts(tree)}
    assert sorted(found) == [24, 26]
    assert found[24].effective == (2,)
    assert found[24].on((0, 2)) == 17
    assert found[26].device.endswith("eth0")


# --- memory -----------------------------------------------------------------------------------


def test_memory_and_swap(tree: KernelTree) -> None:
    """Sizes in bytes, pages as counted since boot."""
    seen = memory(tree)
    assert seen.available_bytes == 4 * 2**30
    assert seen.swap_used_bytes == 2**20
    assert (seen.swapped_in, seen.swapped_out) == (11, 22)


def test_pressure_is_that_of_some_task_in_the_last_ten_seconds(tree: KernelTree) -> None:
    """A resource that the kernel does not show is left out, not zero."""
    assert pressure(tree) == {"cpu": 0.025, "io": 0.0}


# --- quota ------------------------------------------------------------------------------------


V2 = "30 24 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate"


def v1(folder: str, controllers: str, root: str = "/") -> str:
    return f"34 32 0:29 {root} /sys/fs/cgroup/{folder} rw - cgroup cgroup rw,{controllers}"


@pytest.mark.parametrize(
    ("mounts", "cgroup", "files", "expected"),
    [
        pytest.param("", "0::/a/b", {}, Quota(), id="nothing mounted"),
        pytest.param(V2, "0::/a/b", {}, Quota(), id="nothing to read"),
        pytest.param(
            V2,
            "0::/a/b",
            {"a/b/cpu.max": "max 100000", "a/cpu.max": "max 100000"},
            Quota(),
            id="max",
        ),
        pytest.param(
            V2,
            "0::/a/b",
            {"a/b/cpu.max": "300000 100000", "a/cpu.max": "150000 100000"},
            Quota(1.5),
            id="the tightest level holds",
        ),
        pytest.param(
            V2,
            "0::/../elsewhere",
            {"cpu.max": "50000 100000", "cpu.stat": "nr_throttled 3\nthrottled_usec 2000000"},
            Quota(0.5, 3, 2.0),
            id="a container sees its own group as the root",
        ),
        pytest.param(
            V2.replace(" / /sys", " /user.slice/x /sys"),
            "0::/user.slice/x/y",
            {"y/cpu.max": "50000 100000"},
            Quota(0.5),
            id="a part of the hierarchy is mounted",
        ),
        pytest.param(
            v1("cpu,cpuacct", "cpu,cpuacct", "/docker/x"),
            "4:memory:/m\n3:cpu,cpuacct:/docker/x",
            {
                "cpu,cpuacct/cpu.cfs_quota_us": "200000",
                "cpu,cpuacct/cpu.cfs_period_us": "100000",
                "cpu,cpuacct/cpu.stat": "nr_periods 9\nnr_throttled 4\nthrottled_time 500000000",
            },
            Quota(2.0, 4, 0.5),
            id="version 1 in a container",
        ),
        pytest.param(
            v1("cpu,cpuacct", "cpuacct,cpu"),
            "3:cpuacct,cpu:/a",
            {
                "cpu,cpuacct/a/cpu.cfs_quota_us": "150000",
                "cpu,cpuacct/a/cpu.cfs_period_us": "100000",
            },
            Quota(1.5),
            id="version 1 with the names in another order",
        ),
        pytest.param(
            v1("cpu", "cpu"),
            "2:cpu:/",
            {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"},
            Quota(),
            id="version 1 without limit",
        ),
    ],
)
def test_quota(
    tmp_path: Path, mounts: str, cgroup: str, files: Mapping[str, str], expected: Quota
) -> None:
    """Both versions of cgroups, on a machine and in a container."""
    write_files(tmp_path, {"/proc/self/cgroup": cgroup, "/proc/self/mountinfo": mounts})
    write_files(tmp_path, {f"/sys/fs/cgroup/{name}": text for name, text in files.items()})
    assert quota("self", KernelTree(tmp_path)) == expected


# --- a window ---------------------------------------------------------------------------------


def test_counters_of_a_window_are_differences(tmp_path: Path) -> None:
    """Of the app's cgroup, its CPUs, their siblings, and the machine's swap."""
    group = {"/proc/77/cgroup": "0::/app"}
    stat = "/sys/fs/cgroup/app/cpu.stat"
    tree = make_tree(tmp_path, group | {stat: "nr_throttled 1\nthrottled_usec 100000"})
    before = window_counters((3,), 77, tree)
    assert before.siblings == 1
    write_files(
        tmp_path,
        {
            stat: "nr_throttled 3\nthrottled_usec 400000",
            f"{CPU}/cpu3/thermal_throttle/core_throttle_count": "5",
            f"{CPU}/cpu0/thermal_throttle/core_throttle_count": "99",
            "/proc/vmstat": "pswpin 12\npswpout 25",
            "/proc/stat": "cpu1 150 0 0 1000 0 0 0 10 0 0\ncpu3 900 0 0 1000 0 0 0 10 0 0",
        },
    )
    moved = window_counters((3,), 77, tree).since(before)
    assert (moved.throttled, moved.thermal_events) == (2, 4)
    assert moved.throttled_s == pytest.approx(0.3)
    assert (moved.swapped_in, moved.swapped_out) == (1, 3)
    assert moved.sibling_busy_s == pytest.approx(50 * TICK_S)


# --- identity ---------------------------------------------------------------------------------


def test_a_machine_is_known_again_without_its_id(tmp_path: Path) -> None:
    """The same id gives the same hash, another one another; the id itself is not in it."""
    one, other = "0123456789abcdef" * 2, "fedcba9876543210" * 2
    found = []
    for number, text in enumerate((one, one, other)):
        root = tmp_path / str(number)
        write_files(root, {"/etc/machine-id": f"{text}\n"})
        found.append(machine((0, 1), KernelTree(root))["identity"])
    assert found[0] == found[1] != found[2]
    assert str(found[0]) not in one


@pytest.mark.parametrize("text", [None, "", "uninitialized"])
def test_without_a_machine_id_there_is_no_identity(tmp_path: Path, text: str | None) -> None:
    """Containers often have none: nothing is known, so nothing is recorded."""
    if text is not None:
        write_files(tmp_path, {"/etc/machine-id": text})
    assert "identity" not in machine((0, 1), KernelTree(tmp_path))


def test_heat_that_nobody_counts_is_not_known() -> None:
    """A machine without these counters has no thermal events to report, rather than none."""
    assert window_counters((0,), tree=KernelTree(Path("/nowhere"))).thermal_events is None
    assert events_between(None, None) is None
    assert events_between(2, 5) == 3


ISOLATED = {
    "/sys/fs/cgroup/cgroup.controllers": "cpuset cpu",
    "/sys/fs/cgroup/system.slice/cgroup.events": "populated 1",
    "/sys/fs/cgroup/system.slice/cpuset.cpus.effective": "0",
    "/sys/fs/cgroup/dev-mqueue.mount/cgroup.events": "populated 0",
    "/sys/fs/cgroup/onecore.slice/cgroup.events": "populated 1",
    "/sys/fs/cgroup/onecore.slice/cpuset.cpus.effective": "0-3",
}


def test_on_a_fresh_machine_everybody_may_run_everywhere(tmp_path: Path) -> None:
    """Before anybody asks for the cpuset controller no group has a file of it; all may be moved."""
    tree = make_tree(tmp_path, {
        "/sys/fs/cgroup/cgroup.controllers": "cpuset cpu io memory pids",
        "/sys/fs/cgroup/system.slice/cgroup.events": "populated 1",
    })  # fmt: skip
    assert others_cpus(tree) == {"system.slice": (0, 1, 2, 3)}


def test_without_the_controller_nobody_can_say(tmp_path: Path) -> None:
    """A kernel without it confines nobody and never will."""
    tree = make_tree(tmp_path, {
        "/sys/fs/cgroup/cgroup.controllers": "cpu memory",
        "/sys/fs/cgroup/system.slice/cgroup.events": "populated 1",
    })  # fmt: skip
    assert others_cpus(tree) is None


@pytest.mark.parametrize(
    ("affinity", "cpuset", "usable"),
    [
        ({0}, {0, 1, 2, 3}, (0, 1, 2, 3)),
        ({0}, {0, 1}, (0, 1)),
        ({0, 1, 2, 3}, {0, 1, 2, 3}, (0, 1, 2, 3)),
        ({2}, {0, 1, 2, 3}, (2,)),
        ({1, 2}, {0, 1, 2, 3}, (1, 2)),
    ],
    ids=["as booted", "as booted, confined", "widened already", "one chosen", "two chosen"],
)
def test_what_the_boot_parameter_keeps_away_is_usable(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    affinity: set[int],
    cpuset: set[int],
    usable: tuple[int, ...],
) -> None:
    """Booted with isolcpus=1-3: only what somebody chose, or a cpuset, narrows."""
    tree = make_tree(tmp_path, {
        "/sys/devices/system/cpu/isolated": "1-3",
        "/sys/devices/system/cpu/online": "0-3",
    })  # fmt: skip
    held = [affinity]
    monkeypatch.setattr("os.sched_getaffinity", lambda _pid: set(held[-1]))
    monkeypatch.setattr("os.sched_setaffinity", lambda _pid, cpus: held.append(cpus & cpuset))
    assert usable_cpus(tree) == usable
    assert held[-1] == affinity


@pytest.mark.parametrize(
    ("changes", "isolated"),
    [
        ({}, (2,)),
        (ISOLATED, (1, 2, 3)),
        ({**ISOLATED, "/sys/fs/cgroup/system.slice/cpuset.cpus.effective": "0-1"}, (2, 3)),
        ({**ISOLATED, "/sys/fs/cgroup/new.slice/cgroup.events": "populated 1"}, (2,)),
        ({**ISOLATED, "/sys/fs/cgroup/cgroup.type": "domain"}, (2,)),
    ],
    ids=["by the kernel alone", "confined", "less confined", "a slice that is not", "a container"],
)
def test_isolated_is_where_no_other_group_may_run(
    tmp_path: Path, changes: dict[str, str], isolated: tuple[int, ...]
) -> None:
    """The lab's own slices and groups without processes do not count; CPU 2 is the kernel's."""
    tree = make_tree(tmp_path, changes)
    assert isolated_cpus(tree) == isolated
    assert machine((0,), tree)["isolated"] == list(isolated)


def test_a_confined_session_knows_by_whom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The outermost cgroup with fewer CPUs than the machine is the one to look at."""
    monkeypatch.setattr("os.sched_getaffinity", lambda _pid: {0})
    session = "/sys/fs/cgroup/user.slice/user-1000.slice"
    files = {
        "/proc/self/mountinfo": "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw",
        "/proc/self/cgroup": "0::/user.slice/user-1000.slice",
        "/sys/devices/system/cpu/isolated": "",
        "/sys/fs/cgroup/cpuset.cpus.effective": "0-3",
        "/sys/fs/cgroup/user.slice/cpuset.cpus.effective": "0",
        f"{session}/cpuset.cpus.effective": "0",
    }
    tree = make_tree(tmp_path, files)
    assert confinement(tree) == Confinement((0,), (0, 1, 2, 3), "/user.slice")
    monkeypatch.setattr("os.sched_getaffinity", lambda _pid: {0, 1, 2, 3})
    assert confinement(tree) is None


def test_a_confined_session_knows_who_confines_it_most(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not whoever confines it somewhat; and an affinity within a cpuset is the affinity's."""
    tree = make_tree(tmp_path, {
        "/proc/self/mountinfo": "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw",
        "/proc/self/cgroup": "0::/user.slice/user-1000.slice",
        "/sys/devices/system/cpu/isolated": "",
        "/sys/fs/cgroup/cpuset.cpus.effective": "0-3",
        "/sys/fs/cgroup/user.slice/cpuset.cpus.effective": "0-2",
        "/sys/fs/cgroup/user.slice/user-1000.slice/cpuset.cpus.effective": "0-1",
    })  # fmt: skip
    monkeypatch.setattr("os.sched_getaffinity", lambda _pid: {0, 1})
    inner = "/user.slice/user-1000.slice"
    assert confinement(tree) == Confinement((0, 1), (0, 1, 2, 3), inner)
    monkeypatch.setattr("os.sched_getaffinity", lambda _pid: {0})
    assert confinement(tree) == Confinement((0,), (0, 1, 2, 3), "")


@pytest.mark.parametrize("name", ["cpuset.effective_cpus", "cpuset.cpus"])
def test_a_container_of_version_1_is_told_from_an_affinity(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Its file has another name there."""
    tree = make_tree(tmp_path, {
        "/proc/self/mountinfo": "30 23 0:26 /a /sys/fs/cgroup/cpuset ro - cgroup cgroup ro,cpuset",
        "/proc/self/cgroup": "4:cpuset:/a",
        "/sys/devices/system/cpu/isolated": "",
        f"/sys/fs/cgroup/cpuset/{name}": "0-1",
    })  # fmt: skip
    monkeypatch.setattr("os.sched_getaffinity", lambda _pid: {0, 1})
    assert confinement(tree) == Confinement((0, 1), (0, 1, 2, 3), "/cpuset")


def test_a_blanked_record_of_the_build_tells_nothing() -> None:
    """Debian's Python is optimised, and its variables name no flags; a plain build's name them."""
    debian = {"CONFIG_ARGS": "'--enable-shared'", "PGO_PROF_USE_FLAG": ""}
    plain = {"CONFIG_ARGS": "'--enable-shared'", "PGO_PROF_USE_FLAG": "-fprofile-use"}
    assert python_build(debian) == ""
    assert python_build(plain) == "'--enable-shared'"
