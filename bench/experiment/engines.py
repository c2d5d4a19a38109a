"""Which engine makes a load: the lab's own generator, or Locust."""

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench import host
from bench.errors import GeneratorFailed
from bench.experiment.lab import Lab
from bench.load.engine import Engine
from bench.load.generator import Generator
from bench.load.users.settings import MASTER_PORT, Ports
from bench.load.users.swarm import Swarm
from bench.model import ClosedLoop, OpenLoop, Pacing, Site, Users
from bench.placement import spare_cpus

LOCUST_FOLDER = "locust"
"""In a run's folder: Locust's own reports and logs."""


EngineMaker = Callable[[Any, Lab, Path], AbstractContextManager[Engine]]
"""From a pacing, the lab and the run's folder, which has what the engine leaves behind."""


def _generator(_pacing: Pacing, lab: Lab, _directory: Path) -> Generator:
    return Generator(lab.placement.generator)


def _locust(pacing: Users, lab: Lab, directory: Path) -> Swarm:
    return Swarm(lab.placement.generator, directory / LOCUST_FOLDER, ports(lab.site, pacing))


ENGINES: dict[type[Any], EngineMaker] = {
    ClosedLoop: _generator,
    OpenLoop: _generator,
    Users: _locust,
}
"""By how load arrives."""


def engine_maker(pacing: Pacing) -> EngineMaker:
    """What makes the engine of a cell; pacings that share it can share the engine."""
    return ENGINES[type(pacing)]


class Engines:
    """The engine that makes the load now; kept from step to step as long as it serves."""

    def __init__(self, lab: Lab, directory: Path) -> None:
        self._lab = lab
        self._directory = directory
        self._open = ExitStack()
        self._engine: Engine | None = None
        self._maker: EngineMaker | None = None

    @property
    def pid(self) -> int:
        """The process that makes the load. Raises GeneratorFailed while there is none."""
        if self._engine is None:
            raise GeneratorFailed("no load generator runs")
        return self._engine.pid

    def engine_for(self, pacing: Pacing, *, new: bool = False) -> Engine:
        """What makes load of this kind: the engine there is, unless it cannot or, where it is to
        be `new`, must not serve this too.
        """
        maker = engine_maker(pacing)
        if self._engine is None or new or maker is not self._maker:
            self.close()
            engine = maker(pacing, self._lab, self._directory)
            self._engine = self._open.enter_context(engine)
            self._maker = maker
        return self._engine

    def close(self) -> None:
        """End the process that makes the load, if there is one."""
        self._engine = None
        self._open.close()


def ports(site: Site, pacing: Users) -> Ports:
    """A master listens to other machines only where the services do."""
    host = site.host if pacing.remote else "127.0.0.1"
    return Ports(host, MASTER_PORT + site.port_offset)


def with_workers(lab: Lab, pacing: Pacing) -> Lab:
    """The lab with a CPU for each of several workers, as far as there are idle ones."""
    if pacing.processes < 2:
        return lab
    spare = spare_cpus(host.topology(), lab.placement, pacing.processes - 1)
    generator = tuple(sorted({*lab.placement.generator, *spare}))
    notes = lab.placement.notes
    if len(generator) < pacing.processes:
        notes = (
            *notes,
            f"{pacing.processes} Locust workers share {len(generator)} "
            f"{'CPU' if len(generator) == 1 else 'CPUs'}.",
        )
    placement = replace(lab.placement, generator=generator, notes=notes)
    return replace(lab, placement=placement)
