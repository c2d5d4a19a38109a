"""Services of another machine: what they answer is measured like any other's, what they and their
databases use is not seen from here.
"""

import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields, replace

from bench.analysis import diagnostics
from bench.errors import LabError, TargetUnfit
from bench.experiment.assembly import lab_to_look_at
from bench.experiment.cell import Bench, cost, load_spec, utc_now
from bench.experiment.lab import Lab
from bench.experiment.machine_lock import measuring_alone
from bench.experiment.schedule import Step
from bench.experiment.verify import Reported, reported
from bench.model import CellResult, Diagnostic, LoadResult, PhaseResult, Placement, Plan, Target
from bench.supervise.proctree import tree_memory, tree_usage
from bench.workloads import WORKLOADS

PATIENCE_S = 5


@dataclass(frozen=True)
class LabElsewhere(Lab):
    """The chosen targets as another machine has them, where nothing is this lab's to start, to
    freeze or to stop.
    """

    target_host: str = ""

    @property
    def host(self) -> str:
        """The other machine's address, where the services answer."""
        return self.target_host

    @property
    def beginning(self) -> str:
        """Whose services are used, and what is not seen of them, in a sentence."""
        return f"Using {self.titles} at {self.target_host}: what they use there is not seen."

    def all_unit_names(self) -> tuple[str, ...]:
        """None: no unit there is this lab's to sample or to stop."""
        return ()

    def app_pid(self, _target: Target) -> None:
        """None: a process of another machine has no number here."""

    def revive(self, _target: Target) -> tuple[str, ...]:
        """No names: what has died there is not seen, and not this lab's to start."""
        return ()

    def restart(self, _target: Target) -> None:
        """Its processes go on from round to round."""

    def await_app(self, _target: Target) -> None:
        """Nobody has restarted it."""

    def isolate(self, _target: Target) -> None:
        """Who else runs there is not known."""


def lab_elsewhere(plan: Plan) -> LabElsewhere:
    """The plan's targets on its `target_host`. All CPUs of this machine are the generator's."""
    here = lab_to_look_at(plan.targets)
    known = {field.name: getattr(here, field.name) for field in fields(here)}
    cpus = tuple(sorted(os.sched_getaffinity(0)))
    where = Placement(app=(), database=(), generator=cpus, housekeeping=cpus)
    return LabElsewhere(**{**known, "placement": where}, target_host=plan.target_host)


@contextmanager
def reached(lab: Lab) -> Iterator[None]:
    """Services that somebody else has brought up, for the time of the measurement.

    Raises LabError where one does not listen, LabBusy while another measurement runs here.
    """
    for target in lab.targets:
        require_listening(lab.base_url(target))
    with measuring_alone():
        yield


def require_listening(base_url: str) -> None:
    """Raises LabError when nobody listens there."""
    address, _, port = base_url.removeprefix("http://").rpartition(":")
    try:
        socket.create_connection((address, int(port)), timeout=PATIENCE_S).close()
    except OSError as error:
        raise LabError(
            f"nothing answers at {base_url}: {error.strerror or error}",
            "On that machine: make up BIND=its address; here: TARGET_HOST=the same address.",
        ) from error


def told_of_themselves(lab: Lab) -> Mapping[str, object]:
    """What the services report, for provenance. One that reports nothing is left out."""
    found: dict[str, Reported] = {}
    for target in lab.targets:
        with suppress(TargetUnfit):  # what it answers otherwise is judged in its windows
            found[target.name] = reported(lab.host, target)
    return {
        "services": {name: said.versions for name, said in found.items() if said.versions},
        "settings": {name: said.settings for name, said in found.items() if said.settings},
    }


def measure_elsewhere(bench: Bench, step: Step, target: Target) -> CellResult:
    """What one target answers in a window. Raises GeneratorFailed."""
    (phase,) = WORKLOADS[step.workload].phases(1, bench.plan.rows)
    started_at = utc_now()
    bench.engine.prepare(load_spec(bench, step, target, phase))
    before = tree_usage(bench.engine.pid)
    bench.engine.go(bench.on_progress)
    used = cost(before, tree_usage(bench.engine.pid))
    # Locust's processes end when they are collected.
    memory = tree_memory(bench.engine.pid)
    load = bench.engine.collect()
    window = PhaseResult(
        phase=phase.name,
        load=load,
        app=None,
        database=None,
        generator=replace(used, memory=memory),
        app_cpus=None,
        diagnostics=_diagnostics_of(load, bench.plan),
    )
    return CellResult(
        round=step.round,
        target=target.name,
        workload=step.workload,
        pacing=bench.plan.pacing,
        started_at=started_at,
        phases=(window,),
    )


def _diagnostics_of(load: LoadResult, plan: Plan) -> tuple[Diagnostic, ...]:
    """What can be doubted without having seen the service."""
    return (
        *diagnostics.requests_failed(load),
        *diagnostics.open_loop_off(load, plan.pacing),
        *diagnostics.users_off(load, plan.window_s),
        *diagnostics.too_few_samples(load, plan.longer),
    )
