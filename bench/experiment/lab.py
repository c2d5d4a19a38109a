"""The services and their databases as one thing that goes up and down."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from bench.database.admin import Admin
from bench.database.binaries import Binaries
from bench.database.cluster import SYSTEM_PATH, Cluster, ensure_clusters
from bench.database.secrets import SERVICE_USER, Secrets, ensure_secrets
from bench.database.sessions import sessions_elsewhere
from bench.environment import composed
from bench.errors import LabError, UnitFailed
from bench.model import Memory, Placement, Site, Target, Unit, Usage
from bench.sources import fingerprint_of
from bench.supervise import Supervisor
from bench.supervise.proctree import descendants, sizes_of
from bench.supervise.readiness import http_ready, postgres_ready, wait_until_ready

APP_TEMPLATE = "onecore-app@"
"""The file in systemd/ that all apps are instances of."""

_PREPARE_AGAIN = (
    "Its migrations have failed. Where somebody has changed what they find (DROP TABLE), "
    "`make clean`, and all databases are made anew."
)

DATABASE_HOST = "127.0.0.1"
"""Databases are for this machine alone, wherever the services listen."""


def app_unit_name(target: Target) -> str:
    """The name of the unit that serves a target, with every supervisor."""
    return f"onecore-{target.name}"


def interpreter_of(target: Target) -> Path:
    """The Python that runs a target: the lab's own, unless it has an environment of its own."""
    return target.python or Path(sys.executable)


def cores_by_framework(registry: Iterable[Target]) -> list[str]:
    """The frameworks in the order in which they are given cores: engines last.

    An engine is a floor to compare with, not one more app that runs beside the others.
    """
    ordered = sorted(registry, key=lambda target: target.mode == "engine")
    return list(dict.fromkeys(target.framework for target in ordered))


def apps_at_once(registry: Iterable[Target]) -> int:
    """How many frameworks are to have a core of their own; engines share what there is."""
    frameworks = {target.framework for target in registry if target.mode != "engine"}
    return max(1, len(frameworks))


@dataclass(frozen=True)
class Stopped:
    """What ran and was stopped, and what of it had to be killed."""

    names: tuple[str, ...] = ()
    killed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Lab:
    """The chosen `targets` out of the `registry`, who runs them and where everything is.

    `cpus` are all that the lab may use: the placement's and those that it leaves idle.
    `extra_environment` is what single services get beside what all get, by target name. Databases
    that do not stay were made for this run, and nobody can have changed them.
    """

    site: Site
    registry: tuple[Target, ...]
    targets: tuple[Target, ...]
    supervisor: Supervisor
    placement: Placement
    find_binaries: Callable[[], Binaries]
    secrets: Secrets
    cpus: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()
    extra_environment: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    databases_stay: bool = True

    @property
    def binaries(self) -> Binaries:
        """The PostgreSQL that the lab runs. Raises SetupError when there is none."""
        return self.find_binaries()

    # --- names and addresses

    @property
    def titles(self) -> str:
        """The targets by their titles, with commas between."""
        return ", ".join(target.title for target in self.targets)

    @property
    def beginning(self) -> str:
        """What it begins with, in a sentence. Raises SetupError where there is no PostgreSQL."""
        frameworks = {target.framework for target in self.targets}
        each = "each framework with its" if len(frameworks) > 1 else "with its"
        return f"Starting {self.titles}, {each} PostgreSQL {self.binaries.version} ..."

    def cluster(self, target: Target) -> Cluster:
        """The PostgreSQL instance that holds a target's database."""
        return Cluster(
            target.cluster_name,
            target.database_port,
            self.site.state / "postgres" / target.cluster_name,
            DATABASE_HOST,
            self.find_binaries,
        )

    def clusters(self, targets: tuple[Target, ...]) -> tuple[Cluster, ...]:
        """The instances of these targets, each once."""
        return tuple(dict.fromkeys(self.cluster(target) for target in targets))

    def placement_of(self, target: Target) -> Placement:
        """The placement as one target sees it: `app` is that app's own CPU.

        The targets of a framework share it.
        """
        cpus = self.placement.app
        index = cores_by_framework(self.registry).index(target.framework)
        return replace(self.placement, app=(cpus[index % len(cpus)],))

    @property
    def host(self) -> str:
        """Where the services answer."""
        return self.site.host

    def base_url(self, target: Target) -> str:
        """Where the target's service listens, without a slash at the end."""
        return f"http://{self.host}:{target.http_port}"

    def dsn(self, target: Target) -> str:
        """The database's address as services and psql get it: without a password."""
        address = f"{DATABASE_HOST}:{target.database_port}"
        return f"postgresql://{SERVICE_USER}@{address}/{target.database_name}"

    def admin(self, target: Target) -> Admin:
        """A superuser's connection to the target's database, which the caller closes."""
        return Admin(self.cluster(target), target, self.secrets)

    def app_unit(self, target: Target) -> Unit:
        """The unit that serves the target: command, environment, CPUs and readiness."""
        fill = {
            "python": str(interpreter_of(target)),
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
            host=self.site.host,
            # At once: Gunicorn would wait for what is left open by whoever has just been measured.
            stop_signal="INT",
            prepare=(tuple(part.format_map(fill) for part in target.migrate),)
            if target.migrate
            else (),
            template=APP_TEMPLATE,
            needs=(self.cluster(target).unit_name,),
            source=fingerprint_of(target.directory),
        )

    def _app_environment(self, target: Target) -> Mapping[str, str]:
        return {
            **composed(
                PATH=f"{interpreter_of(target).parent}:{SYSTEM_PATH}",
                PYTHONUNBUFFERED="1",
                # What they run from is byte-compiled, and their user may not write beside the code.
                PYTHONDONTWRITEBYTECODE="1",
                DATABASE_URL=self.dsn(target),
                PGPASSFILE=str(self.secrets.pgpass),
                SECRET_KEY_FILE=str(self.secrets.secret_key),
                # For what a framework's targets share: which of them this is.
                ONECORE_TARGET=target.declared_as or target.name,
            ),
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
        return all(cluster.directory.exists() for cluster in self.clusters(targets))

    def prepare(self, targets: tuple[Target, ...]) -> None:
        """Make passwords and these targets' data folders where they are missing."""
        ensure_secrets(self.secrets.directory, self.supervisor.own)
        ensure_clusters(
            self.clusters(targets), self.secrets, self.supervisor.run, self.supervisor.own
        )

    def provision(self, targets: tuple[Target, ...]) -> None:
        """Make role, database and extensions of these targets on their running servers."""
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
        clusters = self.clusters(targets)
        for cluster in clusters:
            self._start(cluster.unit(self.placement.database), started, outlive=outlive)
        for cluster in clusters:
            wait_until_ready(
                self.supervisor,
                cluster.unit_name,
                lambda port=cluster.port: postgres_ready(
                    self.binaries["pg_isready"], DATABASE_HOST, port
                ),  # type: ignore[misc]
            )
        self.provision(targets)

    def _start_apps(
        self, targets: tuple[Target, ...], started: list[str], *, outlive: bool
    ) -> None:
        for target in targets:
            with self._hinting(target):
                self._start(self.app_unit(target), started, outlive=outlive)
        for target in targets:
            with self._hinting(target):
                self.await_app(target)

    @contextmanager
    def _hinting(self, target: Target) -> Iterator[None]:
        """A start that fails tells what somebody has set for its sessions. Raises UnitFailed."""
        try:
            yield
        except UnitFailed as error:
            found: Mapping[str, str] = {}
            # Where its database does not answer either, the failure is told as it is.
            with suppress(LabError), self.admin(target) as admin:
                found = admin.own_settings()
            if not found:
                raise
            told = ", ".join(f"{name} is {value}" for name, value in found.items())
            raise UnitFailed(
                error.message,
                f"Somebody has changed its database: {told}. If that is why, `make clean`, and all "
                "databases are made anew.",
            ) from error

    def await_app(self, target: Target) -> None:
        """Wait until a target answers. Raises UnitFailed."""
        url = f"{self.base_url(target)}/readyz"
        wait_until_ready(self.supervisor, app_unit_name(target), lambda: http_ready(url))

    def _start(self, unit: Unit, started: list[str], *, outlive: bool) -> None:
        try:
            if self.supervisor.start(unit, outlive=outlive):
                started.append(unit.name)
        except UnitFailed as error:
            if unit.name in error.message:
                raise
            # A command that prepares it, the same for every target of a framework.
            remedy = error.remedy or (_PREPARE_AGAIN if self.databases_stay else "")
            raise UnitFailed(f"{unit.name}: {error.message}", remedy) from error

    def revive(self, target: Target) -> tuple[str, ...]:
        """Start again what has died of a target, if only while it was frozen. Returns its names.

        Raises UnitFailed.
        """
        status = self.supervisor.status
        ended = tuple(name for name in self.unit_names(target) if status(name).pid is None)
        if ended:
            self.start((target,), outlive=False)
        return ended

    def restart(self, target: Target) -> None:
        """Give a target's app new processes: `await_app` waits for them. Its database runs on.

        Raises SetupError when its files have changed since it was started.
        """
        self.supervisor.restart(self.app_unit(target))

    def restart_all(self, targets: tuple[Target, ...]) -> None:
        """Give several targets new processes, which begin at the same time, and wait for them."""
        for target in targets:
            self.restart(target)
        for target in targets:
            self.await_app(target)

    def stop(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Stop these units. One that will not stop does not keep the others running.

        Returns those that did not end when they were told to, and were killed.
        """
        failures: list[LabError] = []
        killed = []
        for name in names:
            try:
                if not self.supervisor.stop(name):
                    killed.append(name)
            except LabError as error:
                failures.append(error)
        if failures:
            raise failures[0]
        return tuple(killed)

    def down(self) -> Stopped:
        """Stop everything on record: apps first, then their databases."""
        names = sorted(self.supervisor.names(), key=lambda name: "postgres" in name)
        running = [name for name in names if self.supervisor.status(name).state != "failed"]
        killed = self.stop(tuple(names))
        return Stopped(tuple(running), killed)

    # --- what a target uses

    def app_pid(self, target: Target) -> int | None:
        """The first process of a target's app; None where it does not run."""
        return self.supervisor.status(app_unit_name(target)).pid

    def usage(self, target: Target, name: str) -> Usage:
        """What one of a target's two units has used so far.

        Of its database's switches those of other targets' sessions are left out. CPU time is that
        of the whole server: nobody else is asked while it counts. Raises UnitFailed.
        """
        usage = self.supervisor.usage(name)
        others = set(self._foreign_sessions(target, name))
        own = {pid: counts for pid, counts in usage.switches.items() if pid not in others}
        return replace(usage, switches=own)

    def memory(self, target: Target, name: str) -> Memory | None:
        """The memory of one of a target's two units now; None where it is not known.

        Of its database what other targets' sessions have for themselves is left out: what is left
        is what the server would have without them. Raises UnitFailed.
        """
        whole = self.supervisor.memory(name)
        others = sizes_of(self._foreign_sessions(target, name))
        if whole is None or others is None:
            return None
        return replace(
            whole,
            # Shared pages stay: the others' shares of them would be the remaining ones'.
            pss_bytes=whole.pss_bytes - others.uss_bytes,
            uss_bytes=whole.uss_bytes - others.uss_bytes,
            rss_bytes=whole.rss_bytes - others.rss_bytes,
        )

    def _foreign_sessions(self, target: Target, name: str) -> list[int]:
        pid = self.supervisor.status(name).pid
        if pid is None or name == app_unit_name(target):
            return []
        return sessions_elsewhere(descendants(pid), target.database_name)

    # --- alone on the core

    def unit_names(self, target: Target) -> tuple[str, str]:
        """A target's app, and the PostgreSQL that it shares with its framework's other targets."""
        return app_unit_name(target), self.cluster(target).unit_name

    def all_unit_names(self) -> tuple[str, ...]:
        """Every unit of the chosen targets once, each database after its framework's apps."""
        of_framework: dict[str, list[str]] = {}
        for target in self.targets:
            of_framework.setdefault(self.cluster(target).unit_name, []).append(
                app_unit_name(target)
            )
        return tuple(name for database, apps in of_framework.items() for name in (*apps, database))

    def isolate(self, target: Target) -> None:
        """Freeze every other target, and every other database; thaw this one with its own."""
        mine = self.unit_names(target)
        for name in self.supervisor.names():
            if name not in mine:
                self.supervisor.freeze(name)
        for name in mine:
            self.supervisor.thaw(name)

    def thaw_all(self) -> None:
        """Let every frozen unit of the lab go on; one that cannot be thawed is passed over."""
        for name in self.supervisor.names():
            with suppress(LabError):
                self.supervisor.thaw(name)
