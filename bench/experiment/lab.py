"""The services and their databases as one thing that goes up and down."""

import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from bench.database.admin import Admin
from bench.database.binaries import Binaries
from bench.database.cluster import SYSTEM_PATH, Cluster, ensure_clusters
from bench.database.secrets import SERVICE_USER, Secrets, ensure_secrets
from bench.errors import LabError
from bench.model import Placement, Site, Target, Unit
from bench.sources import fingerprint_of
from bench.supervise import Supervisor
from bench.supervise.readiness import http_ready, postgres_ready, wait_until_ready

DATABASE_HOST = "127.0.0.1"
"""Databases are for this machine alone, wherever the services listen."""


def app_unit_name(target: Target) -> str:
    return f"onecore-{target.name}"


@dataclass(frozen=True)
class Lab:
    """The chosen `targets` out of the `registry`, who runs them and where everything is.

    `cpus` are all that the lab may use: the placement's and those that it leaves idle.
    `extra_environment` is what single services get beside what all get, by target name.
    """

    site: Site
    registry: tuple[Target, ...]
    targets: tuple[Target, ...]
    supervisor: Supervisor
    placement: Placement
    binaries: Binaries
    secrets: Secrets
    cpus: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()
    extra_environment: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    # --- names and addresses

    def cluster(self, target: Target) -> Cluster:
        directory = self.site.state / "postgres" / target.name
        return Cluster(target, directory, DATABASE_HOST, self.binaries)

    def placement_of(self, target: Target) -> Placement:
        """The placement as one target sees it: `app` is that app's own CPU."""
        cpus = self.placement.app
        index = [each.name for each in self.registry].index(target.name)
        return replace(self.placement, app=(cpus[index % len(cpus)],))

    def base_url(self, target: Target) -> str:
        return f"http://{self.site.host}:{target.http_port}"

    def dsn(self, target: Target) -> str:
        """The database's address as services and psql get it: without a password."""
        address = f"{DATABASE_HOST}:{target.database_port}"
        return f"postgresql://{SERVICE_USER}@{address}/{target.database_name}"

    def admin(self, target: Target) -> Admin:
        return Admin(self.cluster(target), self.secrets)

    def app_unit(self, target: Target) -> Unit:
        fill = {
            "python": sys.executable,
            "host": self.site.host,
            "port": str(target.http_port),
        }
        return Unit(
            name=app_unit_name(target),
            command=tuple(part.format_map(fill) for part in target.serve),
            directory=target.directory,
            environment=self._app_environment(target),
            cpus=self.placement_of(target).app,
            port=target.http_port,
            # At once: Gunicorn would wait for what is left open by whoever has just been measured.
            stop_signal="INT",
            prepare=(tuple(part.format_map(fill) for part in target.migrate),),
            # Twins are made from the folder of the service that they are twins of.
            template=f"onecore-{target.directory.name}",
            source=fingerprint_of(target.directory),
        )

    def _app_environment(self, target: Target) -> Mapping[str, str]:
        # Whatever this Python itself needed to be loaded, its services need too.
        loader = {k: os.environ[k] for k in ("LD_LIBRARY_PATH",) if k in os.environ}
        return {
            **loader,
            "PATH": f"{Path(sys.executable).parent}:{SYSTEM_PATH}",
            "LC_ALL": "C.UTF-8",
            "HOME": "/nonexistent",
            "PYTHONUNBUFFERED": "1",
            # The environment is byte-compiled, and the units' user may not write beside the code.
            "PYTHONDONTWRITEBYTECODE": "1",
            "DATABASE_URL": self.dsn(target),
            "PGPASSFILE": str(self.secrets.pgpass),
            "SECRET_KEY_FILE": str(self.secrets.secret_key),
            # For what a framework's targets share: which of them this is.
            "ONECORE_TARGET": target.name,
            **self._named_elsewhere(),
            **target.environment,
            **self.extra_environment.get(target.name, {}),
        }

    def _named_elsewhere(self) -> Mapping[str, str]:
        """Other machines name this one by its address, which Django has to be told."""
        if self.site.host == Site.host:
            return {}
        return {"ALLOWED_HOSTS": f"localhost,{Site.host},{self.site.host}"}

    # --- up and down

    def is_prepared(self, targets: tuple[Target, ...]) -> bool:
        """Whether these targets' databases have their data folders: they appear complete."""
        return all(self.cluster(target).directory.exists() for target in targets)

    def prepare(self, targets: tuple[Target, ...]) -> None:
        """Make the data folders of these targets' databases where they are missing."""
        clusters = tuple(self.cluster(target) for target in targets)
        ensure_clusters(clusters, self.secrets, self.supervisor.run, self.supervisor.own)

    def provision(self, targets: tuple[Target, ...]) -> None:
        """Make role, database and extension in these targets' running databases."""
        for target in targets:
            with self.admin(target) as admin:
                admin.provision()

    def start(self, targets: tuple[Target, ...], *, outlive: bool) -> list[str]:
        """Bring up these targets with their databases, and wait until they answer.

        Returns the names of the units that were started now. When one fails, those started now
        are stopped again, so that a failed start leaves nothing behind.
        """
        started: list[str] = []
        try:
            self._start_databases(targets, started, outlive=outlive)
            self._start_apps(targets, started, outlive=outlive)
        except BaseException:
            self.stop(tuple(reversed(started)))
            raise
        return started

    def _start_databases(
        self, targets: tuple[Target, ...], started: list[str], *, outlive: bool
    ) -> None:
        self.prepare(targets)
        clusters = tuple(self.cluster(target) for target in targets)
        for cluster in clusters:
            self._start(cluster.unit(self.placement.database), started, outlive=outlive)
        for cluster, target in zip(clusters, targets, strict=True):
            port = target.database_port
            wait_until_ready(
                self.supervisor,
                cluster.unit_name,
                lambda port=port: postgres_ready(self.binaries["pg_isready"], DATABASE_HOST, port),  # type: ignore[misc]
            )
        self.provision(targets)

    def _start_apps(
        self, targets: tuple[Target, ...], started: list[str], *, outlive: bool
    ) -> None:
        for target in targets:
            self._start(self.app_unit(target), started, outlive=outlive)
        for target in targets:
            self._await_app(target)

    def _await_app(self, target: Target) -> None:
        url = f"{self.base_url(target)}/readyz"
        wait_until_ready(self.supervisor, app_unit_name(target), lambda: http_ready(url))

    def _start(self, unit: Unit, started: list[str], *, outlive: bool) -> None:
        if self.supervisor.start(unit, outlive=outlive):
            started.append(unit.name)

    def renew(self, target: Target) -> None:
        """Give a target's app new processes, and wait until it answers. Its database runs on.

        Raises SetupError when its files have changed since it was started.
        """
        self.supervisor.renew(self.app_unit(target))
        self._await_app(target)

    def stop(self, names: tuple[str, ...]) -> None:
        """Stop these units. One that will not stop does not keep the others running."""
        failures: list[LabError] = []
        for name in names:
            try:
                self.supervisor.stop(name)
            except LabError as error:
                failures.append(error)
        if failures:
            raise failures[0]

    def down(self) -> tuple[str, ...]:
        """Stop everything on record: apps first, then their databases. Returns what ran."""
        names = sorted(self.supervisor.names(), key=lambda name: "postgres" in name)
        running = [name for name in names if self.supervisor.status(name).state != "failed"]
        self.stop(tuple(names))
        return tuple(running)

    # --- alone on the core

    def unit_names(self, target: Target) -> tuple[str, str]:
        return app_unit_name(target), self.cluster(target).unit_name

    def isolate(self, target: Target) -> None:
        """Freeze every other target with its database; thaw this one."""
        mine = self.unit_names(target)
        for name in self.supervisor.names():
            if name not in mine:
                self.supervisor.freeze(name)
        for name in mine:
            self.supervisor.thaw(name)

    def thaw_all(self) -> None:
        for name in self.supervisor.names():
            with suppress(LabError):
                self.supervisor.thaw(name)


def make_secrets(site: Site, supervisor: Supervisor) -> Secrets:
    """The lab's secrets under its state folder, generated on first use."""
    return ensure_secrets(site.state / "secrets", supervisor.own)
