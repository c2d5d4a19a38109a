"""What the sampler costs while services are under load."""

from bench.experiment.assembly import open_lab
from bench.experiment.lab import Lab
from bench.experiment.plan import DEFAULT_CONCURRENCY, DEFAULT_ROWS
from bench.experiment.probes import engine_probe, unit_probes
from bench.experiment.setup import Watcher, services_up
from bench.experiment.verify import require_answers
from bench.load.generator import Generator
from bench.model import ClosedLoop, LoadSpec, Sample, Target
from bench.sampling import Sampler
from bench.workloads import WORKLOADS


def sampler_overhead(seconds: float, watcher: Watcher) -> float:
    """The sampler's CPU time as a share of one core, while each service in turn is under load.

    As in a run: the others are frozen, and what has not run is not read as often. Raises LabError
    when a request fails: then the load was not what it should be.
    """
    lab = open_lab(())
    with services_up(lab, watcher):
        kept: list[tuple[Sample, ...]] = []
        with Generator(lab.placement.generator) as engine:
            probes = (*unit_probes(lab), engine_probe(engine))
            with Sampler(probes, kept.append) as sampler:
                for target in lab.targets:
                    _keep_busy(lab, engine, target, seconds / len(lab.targets))
        return sampler.own_share


def _keep_busy(lab: Lab, engine: Generator, target: Target, seconds: float) -> None:
    """Let one service read items, alone, for so long."""
    lab.isolate(target)
    with lab.admin(target) as admin:
        admin.load_rows(DEFAULT_ROWS)
    (phase,) = WORKLOADS["read"].phases(1, DEFAULT_ROWS)
    pacing = ClosedLoop(DEFAULT_CONCURRENCY)
    spec = LoadSpec(lab.base_url(target), phase.shares, pacing, seed=1, duration_s=seconds)
    engine.prepare(spec)
    engine.go()
    require_answers(engine.collect(), target.name)
