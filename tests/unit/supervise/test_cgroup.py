"""Cgroups of both versions, in a folder."""

from pathlib import Path

import pytest

from bench.kernel import KernelTree
from bench.kernel.process import Sizes
from bench.supervise.systemd.cgroup import Cgroup

PROCESSES = Sizes(pss_bytes=10, uss_bytes=5, rss_bytes=20)
UNIFIED = "30 24 0:26 / {} rw - cgroup2 cgroup2 rw\n"
VERSION_1 = "34 32 0:29 / {} rw - cgroup cgroup rw,{}\n"


def write(folder: Path, **files: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)


def mount(root: Path, *lines: str) -> None:
    write(root / "proc/self", mountinfo="".join(lines))


@pytest.fixture
def group(tmp_path: Path) -> Cgroup:
    mount(tmp_path, UNIFIED.format("/cg"))
    return Cgroup("/onecore.slice/x.service", KernelTree(tmp_path))


def test_version_2(tmp_path: Path, group: Cgroup) -> None:
    """CPU time, processes, memory and pressure, from the files of the unified hierarchy."""
    write(
        tmp_path / "cg/onecore.slice/x.service",
        cgroup__procs="12\n13\n",
        cpu__stat="usage_usec 1500000\nuser_usec 1000000\nsystem_usec 500000\n",
        memory__current="4096\n",
        memory__peak="8192\n",
        cpu__pressure="some avg10=1.00 avg60=0.00 avg300=0.00 total=250000\nfull total=9\n",
        memory__pressure="some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n",
        io__pressure="some avg10=0.00 avg60=0.00 avg300=0.00 total=1000\n",
    )
    assert group.cpu_s() == 1.5
    assert group.pids() == [12, 13]
    memory = group.memory(PROCESSES)
    assert memory is not None
    assert (memory.charged_bytes, memory.peak_bytes, memory.pss_bytes) == (4096, 8192, 10)
    pressure = group.pressure()
    assert pressure is not None
    assert (pressure.cpu_s, pressure.memory_s, pressure.io_s) == (0.25, 0.0, 0.001)


def test_hybrid(tmp_path: Path, group: Cgroup) -> None:
    """Processes from the unified hierarchy; CPU time and memory from version 1's controllers."""
    mount(
        tmp_path,
        VERSION_1.format("/cg/cpuacct,cpu", "cpu,cpuacct"),
        VERSION_1.format("/cg/memory", "memory"),
        UNIFIED.format("/cg/unified"),
    )
    write(tmp_path / "cg/unified/onecore.slice/x.service", cgroup__procs="12\n")
    write(tmp_path / "cg/cpuacct,cpu/onecore.slice/x.service", cpuacct__usage="2500000000\n")
    write(
        tmp_path / "cg/memory/onecore.slice/x.service",
        memory__usage_in_bytes="1\n",
        memory__max_usage_in_bytes="2\n",
    )
    assert group.cpu_s() == 2.5
    assert group.pids() == [12]
    memory = group.memory(PROCESSES)
    assert memory is not None
    assert (memory.charged_bytes, memory.peak_bytes) == (1, 2)
    assert group.pressure() is None


@pytest.mark.parametrize(
    ("events", "frozen"),
    [
        ("populated 1\nfrozen 1\n", True),
        ("populated 1\nfrozen 0\n", False),
        ("populated 0\nfrozen 1\n", False),
        ("populated 1\n", False),
    ],
    ids=["frozen", "running", "nobody left", "a kernel without a freezer"],
)
def test_frozen_is_what_the_kernel_says(
    tmp_path: Path, group: Cgroup, events: str, frozen: bool
) -> None:
    """Of processes: a cgroup that has none left has no frozen ones."""
    assert not group.is_frozen()  # it is not there yet
    write(tmp_path / "cg/onecore.slice/x.service", cgroup__procs="", cgroup__events=events)
    assert group.is_frozen() is frozen


def test_a_unit_that_has_ended_is_not_the_root(tmp_path: Path) -> None:
    """systemd names no cgroup of it: nothing is read, and nothing thawed, in its place."""
    mount(tmp_path, UNIFIED.format("/cg"))
    write(tmp_path / "cg", cgroup__procs="1\n", cgroup__events="populated 1\nfrozen 1\n")
    write(tmp_path / "cg", cgroup__freeze="1")
    ended = Cgroup("", KernelTree(tmp_path))
    assert not ended.is_frozen()
    ended.thaw()
    assert (tmp_path / "cg/cgroup.freeze").read_text() == "1"
    with pytest.raises(FileNotFoundError):
        ended.pids()


def test_what_is_not_counted_is_none_and_not_zero(tmp_path: Path, group: Cgroup) -> None:
    """A kernel without the memory controller says nothing about memory."""
    write(tmp_path / "cg/onecore.slice/x.service", cgroup__procs="", cpu__stat="usage_usec 1\n")
    memory = group.memory(PROCESSES)
    assert memory is not None
    assert memory.peak_bytes is None
    assert group.pressure() is None
    assert group.memory(None) is None


def test_a_cgroup_that_is_gone_says_so(group: Cgroup) -> None:
    """Its unit has ended; whoever asks explains it."""
    with pytest.raises(FileNotFoundError):
        group.cpu_s()
    with pytest.raises(FileNotFoundError):
        group.pids()
