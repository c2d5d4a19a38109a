"""Section 4 of the guide: booted with `isolcpus=domain,managed_irq,1-3`."""

import os

from tests.machine.guest import LAB, call, cpus_of_unit


def test_isolated_cpus_are_the_apps() -> None:
    """Everything descends from a process that was kept off them; the lab uses them all the same."""
    call("id onecore || useradd --system --no-create-home onecore")
    call(f"git config --global --add safe.directory {LAB}")
    assert os.sched_getaffinity(0) == {0}
    told = call("make doctor")
    assert "CPUs 1-3 isolated" in told
    call("make up")
    apps = [cpus_of_unit(f"onecore-app@{name}") for name in ("fastapi", "flask", "drf")]
    assert all(len(cpus) == 1 and set(cpus) <= {1, 2, 3} for cpus in apps)


def test_a_run_is_measured() -> None:
    """The app's CPU is an isolated one in the record, too."""
    call("make bench FRAMEWORK=fastapi WORKLOAD=read ROUNDS=1")
    call("make down")
