"""One PostgreSQL cluster per framework, with a database for each of its targets.

The first is made by initdb, the others are its copies; each runs as a unit.
"""

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bench.database.binaries import MAJOR, Binaries
from bench.database.secrets import SUPERUSER, Own, Secrets
from bench.errors import SetupError
from bench.files import make_passable
from bench.model import Unit
from bench.sources import fingerprint_of

CONFIGURATION = Path(__file__).resolve().parent.parent.parent / "services"


def system_path() -> str:
    """A PATH with the system's small tools, which are not in one folder on every system.

    On NixOS coreutils and util-linux have a folder each, and /bin has no more than `sh`.
    """
    found = filter(None, map(shutil.which, ("cat", "taskset", "setpriv", "mount")))
    folders = [*(str(Path(tool).parent) for tool in found), *os.defpath.split(os.pathsep)]
    return os.pathsep.join(dict.fromkeys(folders))


SYSTEM_PATH = system_path()
# initdb fails where LANG names a locale that the machine lacks.
ENVIRONMENT: Mapping[str, str] = {"LC_ALL": "C.UTF-8", "PATH": SYSTEM_PATH}


class RunCommand(Protocol):
    """Runs a command as the databases' user (a supervisor's `run`)."""

    def __call__(
        self, command: tuple[str, ...], environment: Mapping[str, str], directory: Path
    ) -> str: ...


@dataclass(frozen=True)
class Cluster:
    """One PostgreSQL instance: a framework's, or one target's own."""

    name: str
    port: int
    directory: Path
    host: str
    find_binaries: Callable[[], Binaries]

    @property
    def unit_name(self) -> str:
        """What its supervisor, its log and error messages call it."""
        return f"onecore-postgres-{self.name}"

    def unit(self, cpus: tuple[int, ...]) -> Unit:
        """The unit that runs this cluster on `cpus`. SIGINT is PostgreSQL's fast shutdown."""
        config_file, hba_file = (CONFIGURATION / f for f in ("postgresql.conf", "pg_hba.conf"))
        settings = {
            "config_file": config_file,
            "hba_file": hba_file,
            "listen_addresses": self.host,
            "port": self.port,
        }
        flags = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return Unit(
            name=self.unit_name,
            command=(str(self.find_binaries()["postgres"]), "-D", str(self.directory), *flags),
            directory=self.directory,
            environment={**ENVIRONMENT, "PGDATA": str(self.directory)},
            cpus=cpus,
            port=self.port,
            stop_signal="INT",
            template="onecore-postgres@",
            source=fingerprint_of(config_file, hba_file),
            role="database",
        )


def _initdb(directory: Path, binaries: Binaries, secrets: Secrets, run: RunCommand) -> None:
    command = (
        str(binaries["initdb"]),
        f"--pgdata={directory}",
        f"--username={SUPERUSER}",
        f"--pwfile={secrets.superuser_password}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        # The builtin provider sorts the same on every machine, whatever its C library.
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--data-checksums",
    )
    run(command, ENVIRONMENT, directory)


def _check_version(cluster: Cluster) -> None:
    try:
        found = (cluster.directory / "PG_VERSION").read_text().strip()
    except (FileNotFoundError, NotADirectoryError):
        raise SetupError(
            f"{cluster.directory} holds no PostgreSQL data: it has no PG_VERSION",
            "Remove it with `make clean`; the next command makes a new one.",
        ) from None
    if found != str(MAJOR):
        raise SetupError(
            f"the data in {cluster.directory} is of PostgreSQL {found}, not {MAJOR}",
            "Remove it with `make clean`; the next command makes a new one.",
        )


def ensure_clusters(
    clusters: tuple[Cluster, ...], secrets: Secrets, run: RunCommand, own: Own
) -> None:
    """Make the data folders that are not there yet: one initdb, the others are its copies.

    A folder appears under its final name only when it is complete, so that an interrupted
    set-up is done again and not believed. Raises SetupError or UnitFailed.
    """
    for folder in {cluster.directory.parent for cluster in clusters}:
        make_passable(folder)
    missing = [cluster for cluster in clusters if not cluster.directory.exists()]
    for cluster in clusters:
        if cluster not in missing:
            _check_version(cluster)
            # PostgreSQL refuses a folder that others may read, as `chmod -R go+rX .` leaves it.
            cluster.directory.chmod(0o700)
    if not missing:
        return
    template = missing[0].directory.parent / ".template"
    _make_own(template, own)
    _initdb(template, missing[0].find_binaries(), secrets, run)
    for cluster in missing[1:]:
        copy = cluster.directory.with_name(f".{cluster.name}.new")
        _make_own(copy, own)
        # `cp` keeps owner and mode, which shutil.copytree does not.
        run(("cp", "--archive", f"{template}/.", str(copy)), ENVIRONMENT, template)
        copy.rename(cluster.directory)
    template.rename(missing[0].directory)


def _make_own(folder: Path, own: Own) -> None:
    """Make an empty folder anew, of the databases' user and of nobody else."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    own(folder, "database")
