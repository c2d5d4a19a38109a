"""The spin probe: the same work everywhere, and no trace of it afterwards."""

import os

from bench.host import spin
from bench.host.spin import work


def test_the_work_is_the_same_every_time() -> None:
    """Its answer is known, so nothing was skipped; more work has another answer."""
    assert work(20_000) == work(20_000)
    assert work(20_000) != work(19_999)


def test_a_spin_names_its_cpu_and_its_times() -> None:
    """One reading for each CPU asked for, in that order. Work takes time."""
    cpus = tuple(sorted(os.sched_getaffinity(0), reverse=True))
    found = spin(cpus)
    assert tuple(result.cpu for result in found) == cpus
    assert all(result.cpu_s > 0 and result.wall_s > 0 for result in found)


def test_the_caller_stays_where_it_is() -> None:
    """Only the probing thread moves to the CPU."""
    before = os.sched_getaffinity(0)
    spin((min(before),))
    assert os.sched_getaffinity(0) == before


def test_a_cpu_that_may_not_be_used_is_left_out() -> None:
    """Nothing is claimed about a CPU that was not probed."""
    assert spin((4095,)) == ()
