"""Everything up for the time of a measurement, and afterwards as it was."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from bench.experiment.assembly import exclusively
from bench.experiment.conditions import examine, require_fit
from bench.experiment.elsewhere import lab_elsewhere, reached
from bench.experiment.interruption import undisturbed
from bench.experiment.lab import Lab, app_unit_name
from bench.experiment.machine_lock import measuring_alone
from bench.experiment.procedures import procedure_of
from bench.experiment.runner import Observer
from bench.model import Plan, Target
from bench.preflight import Check
from bench.store import RunStore


class Watcher(Protocol):
    """Who watches a session: makes an observer once the run's folder is known."""

    def examined(self, checks: tuple[Check, ...]) -> None:
        """The machine has been looked at: what each check says."""
        ...

    def setting_up(self, lab: Lab) -> None:
        """The services of this lab are about to be started."""
        ...

    def observer(self, store: RunStore) -> Observer:
        """Who is told how the run goes that is kept in `store`."""
        ...


def lab_of(plan: Plan) -> Lab:
    """The lab that a plan is carried out in. Raises UsageError or SetupError."""
    return lab_elsewhere(plan) if plan.target_host else procedure_of(plan).lab_for(plan)


@contextmanager
def made_ready(
    plan: Plan, lab: Lab, watcher: Watcher, *, strict: bool
) -> Iterator[tuple[Check, ...]]:
    """Everything as the plan needs it for the time of the measurement, and what was found out
    about the machine that has the services: of another one that is nothing.
    """
    if not plan.target_host:
        with services_up(lab, watcher, strict=strict) as checks:
            yield checks
        return
    with reached(lab):
        watcher.setting_up(lab)
        yield ()


@contextmanager
def services_up(lab: Lab, watcher: Watcher, *, strict: bool = False) -> Iterator[tuple[Check, ...]]:
    """Everything up for the time of the measurement; what ran before runs on afterwards."""
    with measuring_alone(), exclusively(lab.site):
        # The lab's own work stays off the app's core, and so does what it starts unpinned.
        os.sched_setaffinity(0, lab.placement.housekeeping)
        checks = examine(lab.placement)
        watcher.examined(checks)
        if strict:
            require_fit(checks)
        watcher.setting_up(lab)
        started: list[str] = []
        ran: tuple[Target, ...] = ()
        try:
            started = lab.start(lab.targets, outlive=False)
            ran = tuple(target for target in lab.targets if app_unit_name(target) not in started)
            lab.restart_all(ran)  # whatever these have done before, a run begins with new ones
            yield checks
        finally:
            with undisturbed():
                lab.thaw_all()
                lab.stop(tuple(reversed(started)))
                # Also what has died or was interrupted between two processes.
                lab.start(ran, outlive=True)
