"""All of the self-test, from nothing running to nothing running."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bench.analysis.selftest import SelftestCheck, judge_identical, judge_planted
from bench.experiment.assembly import exclusively, open_lab
from bench.experiment.interruption import undisturbed
from bench.experiment.lab import Lab
from bench.experiment.machine_lock import measuring_alone
from bench.experiment.selftest.accounting import check_accounting
from bench.experiment.selftest.comparison import Patience, compare
from bench.experiment.selftest.known_servers import check_generator
from bench.experiment.selftest.twins import PLANTED_SHARE, Twins, make_twins

SERVICE = "flask"


def _say_nothing(_line: str) -> None:
    pass


def run_selftest(
    service: str = SERVICE,
    patience: Patience | None = None,
    say: Callable[[str], None] = _say_nothing,
) -> tuple[SelftestCheck, ...]:
    """Every check, in about three minutes on a quiet machine and at most about half an hour.

    `service` is what the twins are made from. `say` is told how it goes. Raises LabBusy when
    something else measures, UsageError on an unknown service, and any LabError that keeps the
    lab from measuring at all. Whatever happens, what ran before runs on and nothing else does.
    """
    lab = open_lab((service,))
    with alone(lab):
        say("CPU accounting against processes that burn a known amount ...")
        accounting = check_accounting(lab.placement.app[:1])
        generator = check_generator(lab.placement, say)
        say(f"{lab.targets[0].title} against itself, and with {PLANTED_SHARE:.0%} more CPU ...")
        # Made only now: ports that were free a minute ago may be taken.
        twins = make_twins(lab, lab.targets[0])
        with up(twins):
            identical, planted = compare(twins, patience or Patience(), say)
    comparisons = judge_identical(identical), judge_planted(planted, PLANTED_SHARE)
    return *comparisons, *generator, accounting


@contextmanager
def alone(lab: Lab) -> Iterator[None]:
    """Nothing else of the lab is on a CPU, and the lab's own work stays off the app's core."""
    allowed = os.sched_getaffinity(0)
    with measuring_alone(), exclusively(lab.site):
        try:
            os.sched_setaffinity(0, lab.placement.housekeeping)
            for name in lab.supervisor.names():
                lab.supervisor.freeze(name)
            yield
        finally:
            with undisturbed():
                lab.thaw_all()
                os.sched_setaffinity(0, allowed)


@contextmanager
def up(twins: Twins) -> Iterator[None]:
    """The twins and their databases run meanwhile, and are gone afterwards."""
    lab = twins.lab
    names = tuple(name for target in twins.in_order for name in lab.unit_names(target))
    # A self-test that was killed may have left some behind, on other ports.
    lab.stop(names)
    try:
        lab.start(lab.targets, outlive=False)
        yield
    finally:
        with undisturbed():
            lab.stop(names)
