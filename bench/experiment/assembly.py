"""Putting a lab together from the environment: site, supervisor, placement, PostgreSQL."""

import ipaddress
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from filelock import FileLock, Timeout

from bench import host
from bench.database.secrets import Secrets
from bench.errors import LabBusy, SetupError, UsageError
from bench.experiment.lab import Lab, apps_at_once
from bench.experiment.os_errors import not_yours, refused
from bench.experiment.supervisors import Ground, choose_supervisor, reachable_supervisors
from bench.kernel.ports import given_to_clients, ports_for_clients
from bench.kernel.process import working_in
from bench.model import Site, Target
from bench.placement import plan_placement
from bench.supervise import Supervisor
from bench.targets import SERVICES, known_targets, select_targets

ROOT = SERVICES.parent


def site() -> Site:
    """Where the lab lives.

    Raises UsageError when PORT_OFFSET is no whole number or BIND no address.
    """
    text = os.environ.get("PORT_OFFSET") or "0"
    try:
        offset = int(text)
    except ValueError:
        raise UsageError(
            f"PORT_OFFSET={text} is not a whole number", "E.g. PORT_OFFSET=1000."
        ) from None
    state = Path(os.environ.get("ONECORE_STATE") or ROOT / ".lab").absolute()
    return Site(
        root=ROOT,
        # Labs on other ports are other labs, with databases of their own.
        state=state / (f"offset-{offset}" if offset else "default"),
        results=Path(os.environ.get("ONECORE_RESULTS") or ROOT / "results").absolute(),
        host=_bind(os.environ.get("BIND") or Site.host),
        port_offset=offset,
    )


def _bind(text: str) -> str:
    """One address of this machine: all of them at once would be too easily more than was meant."""
    try:
        address = ipaddress.IPv4Address(text)
    except ValueError:
        address = None
    if address is None or address.is_unspecified:
        raise UsageError(
            f"BIND={text} is no single IPv4 address",
            "Name the address under which other machines reach this one, e.g. BIND=192.168.1.10.",
        )
    return str(address)


def _require_own(host: str) -> None:
    """Raises UsageError for an address that this machine has not: it would seem a taken port."""
    with socket.socket() as probe:
        try:
            probe.bind((host, 0))
        except OSError as error:
            raise UsageError(
                f"BIND={host} cannot be used on this machine: {error.strerror}",
                "Name one of its own addresses: ip -brief address.",
            ) from None


def _bind_note(host: str) -> str:
    if ipaddress.IPv4Address(host).is_loopback:
        return ""
    return (
        f"BIND={host}: the services answer whoever reaches that address, without a password and "
        "without encryption. Do it on a network of your own, and run make down afterwards. "
        "The databases stay on 127.0.0.1."
    )


def _port_note(registry: tuple[Target, ...]) -> str:
    """A client that happens to be given a service's port keeps it for as long as it likes."""
    ports = {port for target in registry for port in (target.http_port, target.database_port)}
    if not (given := given_to_clients(tuple(sorted(ports)))):
        return ""
    first, last = ports_for_clients() or (0, 0)
    listed = ",".join(map(str, given))
    return (
        f"The kernel gives ports from {first} to {last} to clients, and services here listen on "
        f"{listed}: now and then one will be taken. Use another PORT_OFFSET, or reserve them: "
        f"sudo sysctl net.ipv4.ip_local_reserved_ports={listed}"
    )


def targets() -> tuple[Target, ...]:
    """Every target of every service.toml, its ports moved by PORT_OFFSET."""
    return known_targets(site().port_offset)


def sides_folder(here: Site) -> Path:
    """Where comparisons of states keep code and environments: not in a lab's own folder, whose
    contents services must not see.
    """
    return here.state.parent / "sides"


def open_lab(names: tuple[str, ...], beside: tuple[Path, ...] = ()) -> Lab:
    """The lab for these targets (all when none is named), to start something in it.

    Its services can read the folders `beside`. Raises UsageError or SetupError.
    """
    here = site()
    _require_own(here.host)
    ground = Ground(here, _writable(here.state), beside)
    supervisor, limits = choose_supervisor(ground)
    notes = (
        _bind_note(here.host),
        _port_note(known_targets(here.port_offset)),
        *ground.identities.notes,
        *ground.binaries.passed_over,
        *limits,
    )
    return replace(_lab(ground, names, supervisor), notes=tuple(filter(None, notes)))


def lab_to_look_at(names: tuple[str, ...]) -> Lab:
    """The lab for these targets as whoever runs its units sees it: nothing is made for that, and
    nobody need be able to start anything here.

    Raises UsageError, and SetupError when this user may not look.
    """
    here = site()
    ground = Ground(here, _readable(here.state))
    busy = next(
        (supervisor for supervisor in reachable_supervisors(ground) if supervisor.names()), None
    )
    return _lab(ground, names, busy or choose_supervisor(ground)[0])


def labs_of_all_supervisors() -> tuple[Lab, ...]:
    """The lab as each supervisor sees it that may have started something of it."""
    here = site()
    ground = Ground(here, _readable(here.state))
    return tuple(_lab(ground, (), supervisor) for supervisor in reachable_supervisors(ground))


def _lab(ground: Ground, names: tuple[str, ...], supervisor: Supervisor) -> Lab:
    registry = known_targets(ground.site.port_offset)
    machine = host.topology()
    return Lab(
        site=ground.site,
        registry=registry,
        targets=select_targets(registry, names),
        supervisor=supervisor,
        placement=plan_placement(machine, apps_at_once(registry)),
        cpus=machine.cpus,
        find_binaries=lambda: ground.binaries,
        secrets=Secrets(ground.state / "secrets"),
    )


def _readable(state: Path) -> Path:
    """The lab's folder, for whoever only looks. One that is not there holds nothing."""
    with suppress(FileNotFoundError):
        if not os.access(state, os.R_OK | os.X_OK) and state.stat():
            raise not_yours(state, "this lab is another user's")
    return state


def _writable(state: Path) -> Path:
    """The lab's folder, made where it is missing. Who may not write there has no lab there."""
    try:
        state.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise refused(error) or SetupError(
            f"cannot make the lab's folder {state}: {error.strerror}",
            "Let ONECORE_STATE name a folder that you may write.",
        ) from error
    if not os.access(state, os.W_OK | os.X_OK):
        raise not_yours(state, "this lab is another user's")
    return state


def require_unused(state: Path) -> None:
    """Raises SetupError while some process works in the lab's folder, whatever the records say."""
    found = working_in(state)
    if found:
        told = ", ".join(f"{stat.name} (pid {stat.pid})" for stat in found)
        raise SetupError(
            f"{state} is in use by {told}, which no record of the lab has",
            "Stop that first. Nothing was removed.",
        )


@contextmanager
def exclusively(here: Site) -> Iterator[None]:
    """Hold this lab's lock, so that two commands do not pull at the same services.

    Raises LabBusy at once when another command holds it, SetupError when there can be no lock.
    """
    with held(_writable(here.state) / "lock", "another command is using this lab"):
        yield


@contextmanager
def held(path: Path, busy: str) -> Iterator[None]:
    """Hold a lock that is a file. Raises LabBusy (`busy`) at once, or SetupError."""
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise LabBusy(busy, "Wait for it to end, or stop it with Ctrl-C.") from None
    except OSError as error:
        raise refused(error) or SetupError(
            f"cannot lock {path}: {error.strerror}",
            "Let ONECORE_STATE name a folder on a disk that has locks.",
        ) from error
    try:
        yield
    finally:
        lock.release()
