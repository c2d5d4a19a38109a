"""Every reader of /proc, /sys and cgroups, on what kernels from 5.10 to 7.3 wrote."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bench import preflight
from bench.host import cpu_totals, machine, observe, topology, window_counters
from bench.host.cpus import cpu_ticks, isolated_cpus, others_cpus, smt_groups, turbo_switches
from bench.host.description import cpu_model, load_now, virtualisation
from bench.host.memory import memory, pressure, swapped_pages
from bench.host.neighbours import interrupts, process_ticks
from bench.host.quota import Quota, quota
from bench.kernel import KernelTree
from bench.kernel.cgroup import folders_of, hierarchies
from bench.kernel.ports import given_to_clients, ports_for_clients
from bench.kernel.process import (
    Sizes,
    ended_children_s,
    every_stat,
    family_of,
    memory_sizes,
    process_stat,
    process_status,
    size_bytes,
    thread_status,
    threads_of,
)
from bench.model import Placement
from bench.placement import parse_cpulist
from bench.supervise.proctree import sizes_of, usage_of
from bench.supervise.systemd.cgroup import Cgroup

from .machines import FOLDER, GROUP, MACHINES, Seen, expand

Part = Callable[..., Seen]
PROCESSES = tuple(f"/proc/{digit}" for digit in range(1, 10))


@pytest.fixture(scope="module", params=MACHINES, ids=lambda machine: machine.name)
def seen(request, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    """A machine to look at."""
    root = tmp_path_factory.mktemp("machine")
    yield expand(request.param, root)
    shutil.rmtree(root)


@pytest.fixture
def part(seen: Seen, tmp_path: Path) -> Part:
    """Some of the same machine's files, to be changed."""
    return lambda *names: expand(seen.machine, tmp_path, *names)


def test_every_file_has_its_machine() -> None:
    """A kernel's file that no test reads would prove nothing."""
    assert {path.stem for path in FOLDER.glob("*.txt")} == {known.name for known in MACHINES}


# --- a process --------------------------------------------------------------------------------


def test_a_status_is_read_by_name(seen: Seen) -> None:
    """Context switches, CPUs and sizes, wherever a kernel writes them."""
    for fields in (
        process_status(seen.pid, seen.proc),
        thread_status(seen.pid, seen.pid, seen.proc),
    ):
        assert int(fields["voluntary_ctxt_switches"]) > 0
        assert int(fields["nonvoluntary_ctxt_switches"]) >= 0
        assert parse_cpulist(fields["Cpus_allowed_list"]) == (1,)
        assert int(fields["Pid"]) == seen.pid
        assert 0 < size_bytes(fields, "VmRSS") <= size_bytes(fields, "VmHWM")


def test_a_stat_is_read_by_number(seen: Seen) -> None:
    """The child is the first one's, both are on CPU 1, and only the child has computed."""
    parent, child = (process_stat(pid, seen.proc) for pid in (seen.pid, seen.child))
    assert (parent.name, child.name) == ("sh", "sh")
    assert child.parent == parent.pid == seen.pid
    assert (parent.cpu, child.cpu) == (1, 1)
    assert 0 < parent.ticks < child.ticks
    uptime_s = float(seen.tree.read("/proc/uptime").split()[0])
    assert 0 < parent.started_ticks < child.started_ticks < uptime_s * os.sysconf("SC_CLK_TCK")
    assert {process.pid for process in every_stat(seen.proc)} == {seen.pid, seen.child}
    assert process_ticks(seen.tree)[seen.child].ticks == child.ticks


def test_the_time_of_ended_children_is_the_parents(seen: Seen) -> None:
    """The first process has waited for a small program, its child for none; both are read twice,
    in full and in haste.
    """
    ticks = process_stat(seen.pid, seen.proc).ended_children_ticks
    assert ended_children_s(seen.pid, seen.proc) == ticks / os.sysconf("SC_CLK_TCK")
    assert ended_children_s(seen.child, seen.proc) == 0


@pytest.mark.parametrize("listed", [True, False], ids=["children listed", "not listed"])
def test_a_family_is_found(part: Part, *, listed: bool) -> None:
    """Also by a kernel that does not list children (CONFIG_PROC_CHILDREN)."""
    changing = part(*PROCESSES)
    if not listed:
        for file in Path(changing.proc).glob("*/task/*/children"):
            file.unlink()
    assert family_of(changing.pid, changing.proc) == {
        changing.pid: (changing.child,),
        changing.child: (),
    }


def test_a_thread_that_ends_hides_no_other_threads_children(part: Part) -> None:
    """It is gone when its own children are asked for; the others' are found all the same."""
    changing = part(*PROCESSES)
    (Path(changing.proc) / str(changing.pid) / "task/1").mkdir()
    (Path(changing.proc) / str(changing.pid) / "task/999999").mkdir()
    assert family_of(changing.pid, changing.proc)[changing.pid] == (changing.child,)


def test_switches_are_counted_over_threads(part: Part) -> None:
    """A thread that has ended meanwhile is left out, and no other."""
    changing = part(*PROCESSES)
    (Path(changing.proc) / str(changing.pid) / "task/1").mkdir()
    usage = usage_of([changing.pid, changing.child], 1.5, changing.proc)
    assert (usage.processes, usage.threads, usage.cpu_s) == (2, 2, 1.5)
    each = {pid: thread_status(pid, pid, changing.proc) for pid in (changing.pid, changing.child)}
    assert usage.switches == {
        pid: (int(status["voluntary_ctxt_switches"]), int(status["nonvoluntary_ctxt_switches"]))
        for pid, status in each.items()
    }
    assert usage.cpus == (1,), "where the machine was asked, all was on that CPU"
    assert sorted(threads_of(changing.pid, changing.proc)) == [1, changing.pid]


def test_memory_is_that_of_the_rollup_or_of_all_mappings(part: Part) -> None:
    """A kernel without a rollup has the mappings one by one; the sum is the same."""
    changing = part(*PROCESSES)
    folder = Path(changing.proc) / str(changing.pid)
    found = memory_sizes(changing.pid, changing.proc)
    assert found is not None
    assert 0 < found.uss_bytes <= found.pss_bytes <= found.rss_bytes
    text = (folder / "smaps_rollup").read_text()
    assert re.search(rf"^Rss: +{found.rss_bytes // 1024} kB$", text, re.MULTILINE)
    (folder / "smaps").write_text(text + text)
    (folder / "smaps_rollup").unlink()
    twice = memory_sizes(changing.pid, changing.proc)
    assert twice == Sizes(2 * found.pss_bytes, 2 * found.uss_bytes, 2 * found.rss_bytes)


def test_memory_that_is_not_told_is_not_known(part: Part) -> None:
    """Of a family, too: a sum that leaves a process out would be a figure of nothing."""
    changing = part(*PROCESSES)
    assert sizes_of([changing.pid, changing.child], changing.proc) is not None
    (Path(changing.proc) / str(changing.child) / "smaps_rollup").unlink()
    assert memory_sizes(changing.child, changing.proc) is None
    assert sizes_of([changing.pid, changing.child], changing.proc) is None


def test_a_process_that_is_gone_is_left_out(part: Part) -> None:
    """Gone is another thing than not known."""
    changing = part(*PROCESSES)
    alone = sizes_of([changing.pid], changing.proc)
    shutil.rmtree(Path(changing.proc) / str(changing.child))
    assert sizes_of([changing.pid, changing.child], changing.proc) == alone
    with pytest.raises(FileNotFoundError):
        memory_sizes(changing.child, changing.proc)


# --- cgroups ----------------------------------------------------------------------------------


def test_a_cgroup_counts_what_its_kernel_counts(seen: Seen) -> None:
    """Of version 1, of version 2, and of both at once; what it does not count is None."""
    group = Cgroup(GROUP, seen.tree)
    if not seen.machine.counted:
        with pytest.raises(FileNotFoundError):
            group.cpu_s()
        return
    assert {seen.pid, seen.child} <= set(group.pids())
    assert group.cpu_s() > 0
    found = group.memory(Sizes(3, 2, 4))
    assert found is not None
    assert (found.pss_bytes, found.uss_bytes, found.rss_bytes) == (3, 2, 4)
    assert (found.charged_bytes is not None) == ("memory" in seen.machine.counted)
    assert (found.peak_bytes is not None) == ("peak" in seen.machine.counted)
    assert (group.pressure() is not None) == ("pressure" in seen.machine.counted)


def test_a_quota_is_that_of_the_processes_cgroup(seen: Seen) -> None:
    """Whatever the kernel calls it, and whether it has stopped anybody."""
    found = quota(str(seen.pid), seen.tree)
    assert found.cpus == seen.machine.quota
    assert (found.throttled > 0) == (found.throttled_s > 0) == (seen.machine.quota is not None)
    assert quota("self", seen.tree) == Quota()


def test_a_controller_is_found_by_its_mount(part: Part) -> None:
    """From the process's own cgroup up to the root; each hierarchy once, however often mounted."""
    changing = part(*PROCESSES, "/proc/self")
    folders = folders_of(str(changing.pid), "cpu", changing.tree)
    if not changing.machine.counted:
        assert folders == ()
        return
    assert folders[0].endswith(GROUP)
    assert folders[-1] in {hierarchy.folder for hierarchy in hierarchies(changing.tree)}
    mounts = changing.tree.path("/proc/self/mountinfo")
    mounts.write_text(mounts.read_text() + mounts.read_text().replace("/sys/fs/", "/mnt/"))
    assert folders_of(str(changing.pid), "cpu", changing.tree) == folders


# --- the machine ------------------------------------------------------------------------------


def test_cpus_are_those_that_are_online(seen: Seen) -> None:
    """An offline CPU has no line, no core and no sibling."""
    ticks = cpu_ticks(seen.tree)
    assert tuple(ticks) == seen.machine.cpus
    assert all(spent.total > 0 and spent.busy <= spent.total for spent in ticks.values())
    assert smt_groups(seen.tree) == seen.machine.cores
    assert isolated_cpus(seen.tree) == seen.machine.isolated
    assert cpu_totals((1,), seen.tree).busy_s > 0


def test_topology_has_cores_and_nodes(seen: Seen) -> None:
    """As far as this process may use them: its CPUs are those of the real machine."""
    assert topology(seen.tree).smt_groups == seen.machine.cores


def test_cores_are_found_by_their_later_name(part: Part) -> None:
    """`thread_siblings_list` is deprecated."""
    changing = part("/sys/devices/system/cpu")
    for file in Path(changing.tree.root).glob(
        "sys/devices/system/cpu/*/topology/thread_siblings_list"
    ):
        file.unlink()
    assert smt_groups(changing.tree) == changing.machine.cores


def let_the_console_interrupt(changing: Seen) -> None:
    """On some of the machines it never did, and such a one is left out."""
    file = changing.tree.path("/proc/interrupts")
    lines = file.read_text().splitlines()
    come = [
        re.sub(r":( +)0 ", r":\g<1>5 ", line) if line.endswith(changing.machine.console) else line
        for line in lines
    ]
    file.write_text("\n".join(come))


def test_interrupts_are_devices(part: Part) -> None:
    """ARM's timer has a number and belongs to every CPU; no device has it."""
    changing = part("/proc/interrupts", "/proc/irq")
    let_the_console_interrupt(changing)
    found = {interrupt.device: interrupt for interrupt in interrupts(changing.tree)}
    console = found[changing.machine.console]
    assert set(console.counts) == set(changing.machine.cpus)
    assert console.on(changing.machine.cpus) > 0
    assert len(console.effective) == 1
    assert console.movable
    assert not {"arch_timer", ""} & set(found)


def test_an_interrupt_that_nobody_may_move_is_known(part: Part) -> None:
    """Newer kernels say so by the mode of its file."""
    changing = part("/proc/interrupts", "/proc/irq")
    let_the_console_interrupt(changing)
    (number,) = (
        interrupt.number
        for interrupt in interrupts(changing.tree)
        if interrupt.device == changing.machine.console
    )
    changing.tree.path(f"/proc/irq/{number}/smp_affinity_list").chmod(0o444)
    assert not next(
        interrupt for interrupt in interrupts(changing.tree) if interrupt.number == number
    ).movable


def test_the_machine_is_described(seen: Seen) -> None:
    """ARM names its cores by numbers; none of these machines is of metal."""
    assert cpu_model(seen.tree) == seen.machine.model
    assert virtualisation(seen.tree) != "none seen"
    described = machine(seen.machine.cpus, seen.tree)
    assert described["cpu_model"] == seen.machine.model
    assert described["isolated"] == list(seen.machine.isolated)
    assert described["clocksource"]


def test_memory_and_swap_are_found(seen: Seen) -> None:
    """No machine has swapped; each has memory left."""
    found = memory(seen.tree)
    assert 0 < found.available_bytes < found.total_bytes < 2**30
    assert swapped_pages(seen.tree) == (0, 0)


def test_a_window_can_be_counted(seen: Seen) -> None:
    """Its siblings are those that are online."""
    counted = window_counters((1,), seen.pid, seen.tree)
    group = next(each for each in seen.machine.cores if 1 in each)
    assert counted.siblings == len(group) - 1
    assert counted.thermal_events is None


def test_which_ports_clients_are_given(seen: Seen) -> None:
    """The range, without what is reserved for servers."""
    assert ports_for_clients(seen.tree) == (32_768, 60_999)
    assert given_to_clients((5_000, 46_000), seen.tree) == (46_000,)


def test_a_reserved_port_is_given_to_nobody(part: Part) -> None:
    """A list with ranges, as the kernel writes it."""
    changing = part("/proc/sys/net")
    reserved = changing.tree.path("/proc/sys/net/ipv4/ip_local_reserved_ports")
    reserved.write_text("40000,46000-46010\n")
    assert given_to_clients((40_001, 46_005), changing.tree) == (40_001,)


def test_doctor_says_something_on_each_of_them(seen: Seen) -> None:
    """Every check, and none of them fails."""
    facts = observe(tree=seen.tree, pause=lambda _: None)
    where = Placement(app=(1,), database=(0,), generator=(0,), housekeeping=(0,))
    checks = preflight.examine(facts, where)
    assert len(checks) == len(preflight.CHECKS)
    assert all(check.seen for check in checks)


# --- what a kernel does not tell --------------------------------------------------------------

ASKED: dict[str, tuple[Callable[[KernelTree], object], object]] = {
    "ticks": (cpu_ticks, {}),
    "cores": (smt_groups, ()),
    "isolated": (isolated_cpus, ()),
    "other cgroups": (others_cpus, None),
    "turbo": (turbo_switches, ()),
    "interrupts": (interrupts, ()),
    "processes": (process_ticks, {}),
    "pressure": (pressure, {}),
    "quota": (lambda tree: quota("self", tree), Quota()),
    "hierarchies": (hierarchies, ()),
    "clients' ports": (lambda tree: given_to_clients((46_000,), tree), ()),
    "model": (cpu_model, "unknown"),
    "virtualisation": (virtualisation, "none seen"),
    "load's pressure": (lambda tree: load_now(tree)["pressure_10s"], {}),
}


UNKNOWN = {name: unknown for name, (_, unknown) in ASKED.items()}


def told(tree: KernelTree) -> dict[str, object]:
    return {name: ask(tree) for name, (ask, _) in ASKED.items()}


def test_nothing_there_is_nothing_known(tmp_path: Path) -> None:
    """A machine that shows nothing at all is no reason to fail, and gives no figure."""
    assert told(KernelTree(tmp_path)) == UNKNOWN


def test_what_cannot_be_read_is_not_known(part: Part) -> None:
    """Files that are there and closed: as if they were not there."""
    changing = part()
    for file in [path for path in Path(changing.tree.root).rglob("*") if path.is_file()]:
        file.unlink()
        file.mkdir()
    assert told(changing.tree) == UNKNOWN
