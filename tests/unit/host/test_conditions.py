"""Looking at a machine for a while: what moved, and what it is."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.host import KernelTree, load_now, machine, observe

from .machine import CPU, make_tree, process, write_files


def test_what_moves_while_looking(tmp_path: Path) -> None:
    """Shares are of the time that the CPUs themselves counted."""
    own = process(os.getpid(), 0, parent=1)
    tree = make_tree(tmp_path, process(10, 100, cpu=3) | own)

    def a_while(_seconds: float) -> None:
        write_files(
            tmp_path,
            process(10, 120, cpu=3)
            | process(os.getpid(), 90)
            | {
                "/proc/stat": "cpu0 100 0 0 1100 0 0 0 10 0 0\ncpu3 150 0 0 1040 0 0 0 20 0 0",
                "/proc/vmstat": "pswpin 11\npswpout 27",
                f"{CPU}/cpu3/thermal_throttle/core_throttle_count": "4",
                "/proc/interrupts": "  CPU0 CPU1 CPU2 CPU3\n 26: 0 0 0 140 IO-APIC 4-edge eth0",
            },
        )

    seen = observe(tree=tree, pause=a_while).activity
    assert seen.cpus[0].busy == 0
    assert (seen.cpus[3].busy, seen.cpus[3].steal) == (0.5, 0.1)
    assert [(busy.pid, busy.share) for busy in seen.processes] == [(10, 0.2)]
    assert [interrupt.on((3,)) for interrupt in seen.interrupts] == [50]
    assert seen.swapped_pages == 5


def test_what_a_machine_is(tmp_path: Path) -> None:
    """The kernel's words are kept as they are."""
    facts = observe(tree=make_tree(tmp_path), pause=lambda _: None)
    assert [clock.governor for clock in facts.clocks] == ["powersave"] * 4
    assert facts.smt_groups == ((0, 2), (1, 3))
    assert facts.thermal_events == 12
    assert facts.load_average == 0.25
    assert (facts.isolated, facts.nohz_full) == ((2,), ())
    assert facts.huge_pages == "always [madvise] never"
    assert facts.virtualisation == "a hypervisor"
    assert facts.fixed_layout
    assert facts.spins == ()


def test_an_empty_machine_can_be_looked_at(tmp_path: Path) -> None:
    """A kernel that shows nothing breaks nothing."""
    facts = observe(tree=KernelTree(tmp_path), pause=lambda _: None)
    assert facts.activity.cpus == {}
    assert facts.activity.thermal_events is None
    assert facts.quota.cpus is None
    assert not facts.fixed_layout


def test_this_machine_can_be_looked_at() -> None:
    """The real files are understood; each app CPU is probed several times."""
    (cpu, *_) = os.sched_getaffinity(0)
    facts = observe((cpu,), seconds=0.05)
    assert facts.niceness == os.nice(0)
    assert facts.memory.total_bytes > 0
    assert cpu in facts.activity.cpus
    assert len(facts.spins) > 1
    assert {spin.cpu for spin in facts.spins} == {cpu}


@pytest.mark.parametrize("read", [lambda: machine((0, 1)), load_now])
def test_provenance_can_be_stored(read: Callable[[], dict[str, object]]) -> None:
    """A reading survives JSON unchanged."""
    found = read()
    assert json.loads(json.dumps(found)) == found
