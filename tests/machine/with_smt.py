"""Section 3 of the guide where each core has two threads: booted with two cores of four CPUs."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.host.cpus import SMT_SWITCH, siblings, smt_groups, topology
from bench.placement import plan_placement
from tests.machine.guest import LAB, call, running_units

ONLINE = Path("/sys/devices/system/cpu/online")


def test_siblings_go_offline_and_come_back_with_their_interrupts() -> None:
    """A busy sibling is what tune switches SMT off for; the kernel then moves its interrupts."""
    call("id onecore || useradd --system --no-create-home onecore")
    call(f"git config --global --add safe.directory {LAB}")
    before = ONLINE.read_text()
    (sibling, *_) = siblings(plan_placement(topology(), 1).app, smt_groups())
    interrupt = movable_interrupt()
    interrupt.write_text(str(sibling))
    with busy(sibling):
        told = call("make tune")
    assert f"set: {SMT_SWITCH} on -> off" in told
    assert ONLINE.read_text() != before
    assert interrupt.read_text().strip() != str(sibling)
    call("make isolate")
    call("make unisolate")
    call("make untune")
    assert ONLINE.read_text() == before
    assert interrupt.read_text().strip() == str(sibling)
    assert os.sched_getaffinity(1) == os.sched_getaffinity(0) == {0, 1, 2, 3}


def test_services_that_end_while_siblings_are_offline_take_no_cpu_from_anybody() -> None:
    """Systemd gives up the kernel's controller of CPUs with the last unit that names its own."""
    before = ONLINE.read_text()
    (sibling, *_) = siblings(plan_placement(topology(), 1).app, smt_groups())
    call("make up FRAMEWORK=flask")
    with busy(sibling):
        call("make tune")
    assert ONLINE.read_text() != before
    call("make down")
    call("make untune")
    assert ONLINE.read_text() == before
    assert os.sched_getaffinity(1) == os.sched_getaffinity(0) == {0, 1, 2, 3}
    assert "onecore_lab.slice" not in running_units()


@contextmanager
def busy(cpu: int) -> Iterator[None]:
    """Somebody computes there."""
    burner = subprocess.Popen(("taskset", "-c", str(cpu), "sh", "-c", "while :; do :; done"))
    try:
        yield
    finally:
        burner.kill()
        burner.wait()


def movable_interrupt() -> Path:
    """The disk's or another device's, which may be sent anywhere."""
    for file in sorted(Path("/proc/irq").glob("[0-9]*/smp_affinity_list")):
        has_device = any(each.is_dir() for each in file.parent.iterdir())
        try:
            if has_device:
                file.write_text(file.read_text())
                return file
        except OSError:
            continue  # the kernel places it by itself
    raise AssertionError("no device's interrupt can be moved here")
