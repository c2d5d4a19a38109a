"""Which supervisor runs the services: what SUPERVISOR asks for, or what the machine offers."""

import os
import shutil
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from bench.database.binaries import Binaries, find_binaries
from bench.errors import SetupError, UsageError
from bench.model import Site
from bench.supervise import Supervisor
from bench.supervise.identity import Identities, Identity, closed_folder, current_identities
from bench.supervise.process import ProcessSupervisor
from bench.supervise.systemd.keeper import keepers
from bench.supervise.systemd.manager import Manager, find_manager
from bench.supervise.systemd.supervisor import Outfit, SystemdSupervisor
from bench.supervise.systemd.units import Local, hidden_folders, lab_name, to_show
from bench.targets import service_folders

_DELEGATE = """\
[Service]
Delegate=cpu cpuset io memory pids"""
"""The drop-in for user@.service that lets a user's manager confine its units to CPUs."""


@dataclass(frozen=True)
class Ground:
    """What every supervisor of one lab stands on.

    Who runs units, and from which PostgreSQL, is found when something is to be started: looking and
    stopping need neither, and must not fail for want of them. Units see the folders `beside`, too.
    """

    site: Site
    state: Path
    beside: tuple[Path, ...] = ()

    @cached_property
    def binaries(self) -> Binaries:
        """Raises SetupError when there is no PostgreSQL."""
        return find_binaries()

    @cached_property
    def identities(self) -> Identities:
        """Raises SetupError when nobody can run units here."""
        folders = (self.site.root, *service_folders(), self.binaries.directory.parent, self.state)
        return current_identities((*folders, *self.beside))


ChosenSupervisor = tuple[Supervisor, tuple[str, ...]]
"""A supervisor, and what it cannot do here, in sentences."""


def choose_supervisor(ground: Ground) -> ChosenSupervisor:
    """The supervisor that SUPERVISOR names, or the best one that can be had here.

    Raises UsageError on an unknown name, SetupError when the one named cannot work here.
    """
    wanted = os.environ.get("SUPERVISOR") or "any"
    if wanted not in SUPERVISORS:
        known = ", ".join(name for name in SUPERVISORS if name != "any")
        raise UsageError(f"there is no supervisor {wanted!r}", f"Known supervisors: {known}.")
    return SUPERVISORS[wanted](ground)


def reachable_supervisors(ground: Ground) -> tuple[Supervisor, ...]:
    """Everyone who may have started something of this lab.

    Raises SetupError when a systemd manager runs units of it that cannot be reached from here.
    """
    manager: Manager | None = None
    with suppress(SetupError):
        manager = find_manager()
    for keeper in keepers(ground.state):
        if keeper.runs_units() and not (manager and keeper.is_reached_by(manager)):
            raise SetupError(
                f"services of this lab run under {keeper.described}, which cannot be reached here",
                f"Stop them there first: {keeper.command('down')}",
            )
    found: list[Supervisor] = [_process(ground)[0]]
    return (*found, _systemd(ground)[0]) if manager else tuple(found)


def _process(ground: Ground) -> ChosenSupervisor:
    return ProcessSupervisor(ground.state, lambda: ground.identities), ()


def _systemd(ground: Ground) -> ChosenSupervisor:
    try:
        manager = find_manager()
    except SetupError as error:
        raise SetupError(
            f"SUPERVISOR=systemd cannot work here: {error.message}",
            f"{error.remedy} Or use SUPERVISOR=process.".strip(),
        ) from error
    cpuset = "cpuset" in manager.controllers()
    supervisor = SystemdSupervisor(
        manager=manager,
        lab=lab_name(ground.site.port_offset),
        templates=ground.site.root / "systemd",
        state=ground.state,
        outfit=cache(lambda: _outfit(ground, manager, cpuset=cpuset)),
    )
    return supervisor, _limits(manager, cpuset=cpuset)


def _any(ground: Ground) -> ChosenSupervisor:
    """systemd's system manager for root, the user's own manager for others, else none."""
    try:
        manager = find_manager()
    except SetupError:
        return _process(ground)
    if manager.scope == "user" and os.geteuid() == 0:
        return _process(ground)  # root's own manager is nothing that anybody expects
    return _systemd(ground)


_WITH_EXECUTOR = 255
"""The release of systemd since which it starts processes by `systemd-executor`."""

SUPERVISORS: Mapping[str, Callable[[Ground], ChosenSupervisor]] = {
    "any": _any,
    "systemd": _systemd,
    "process": _process,
}


def make_outfit(
    identity: Identity,
    state: Path,
    values: Mapping[str, str],
    needed: tuple[Path, ...],
    *,
    cpuset: bool,
) -> Outfit:
    """What units are made with that may see the `needed` folders."""
    is_root = os.geteuid() == 0
    # What is closed to others is open to a user's own services.
    closed = [closed_folder(path) if is_root else None for path in needed]
    return Outfit(
        identity=identity,
        values={
            "flock": shutil.which("flock") or "/usr/bin/flock",
            "systemctl": shutil.which("systemctl") or "/usr/bin/systemctl",
            "user": identity.user,
            **values,
        },
        local=Local(
            state=state,
            cpuset=cpuset,
            hidden=hidden_folders(closed),
            needed=to_show(needed, closed),
        ),
        root=is_root,
    )


def _outfit(ground: Ground, manager: Manager, *, cpuset: bool) -> Outfit:
    require_path_for_credentials(manager.version, ground.state)
    return make_outfit(
        ground.identities.databases, ground.state, _values(ground), _needed(ground), cpuset=cpuset
    )


def require_path_for_credentials(version: int | None, state: Path) -> None:
    """Raises SetupError where systemd would not start a service, without a word to the caller:
    since 255 another program of it starts them, and is told a credential's path without quotes
    ("Failed to deserialize: Invalid argument" in the journal; seen with 257).
    """
    if version is not None and version >= _WITH_EXECUTOR and " " in str(state):
        raise SetupError(
            f"systemd {version} cannot hand a service its password from a folder with a space in "
            f"its name: {state}",
            "Keep the lab's state elsewhere, ONECORE_STATE=/srv/onecore-state, or use "
            "SUPERVISOR=process.",
        )


def _values(ground: Ground) -> dict[str, str]:
    """What the templates leave open."""
    return {
        "root": str(ground.site.root),
        "python": sys.executable,
        "pg_bin": str(ground.binaries.directory),
        "state": str(ground.state),
        "host": ground.site.host,
    }


def _needed(ground: Ground) -> tuple[Path, ...]:
    prefixes = (Path(sys.prefix), Path(sys.base_prefix), ground.binaries.directory.parent)
    folders = (ground.site.root, *service_folders(), *prefixes, *ground.beside)
    return tuple(dict.fromkeys(path.resolve() for path in folders))


def _limits(manager: Manager, *, cpuset: bool) -> tuple[str, ...]:
    if cpuset:
        return ()
    said = "systemd pins the services (CPUAffinity=), but cannot confine them (AllowedCPUs=): "
    if manager.scope == "system":
        return (f"{said}this kernel's cgroups have no cpuset controller here",)
    granted = "/etc/systemd/system/user@.service.d/onecore.conf"
    return (
        f"{said}your own manager was not given the cpuset controller. Root can grant it for your "
        f"next session, by {granted}:\n{_DELEGATE}",
    )
