"""Runs with users: the plan, and the ways of running Locust that are no measurement."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress

from bench.environment import verb_variables
from bench.errors import PortTaken, UsageError
from bench.experiment.interruption import undisturbed
from bench.experiment.plan import DEFAULT_ROWS
from bench.load import process
from bench.load.users.settings import LOCUSTFILE, UI_PORT
from bench.model import Plan, Site, Target, Users

PAUSE_S = 5.0
"""Between two frameworks, as in the original."""

WORKLOAD = "mixed"
_STOP_PATIENCE_S = 15.0


def users_plan(
    targets: tuple[Target, ...],
    pacing: Users,
    *,
    run_time_s: float,
    rounds: int,
    seed: int,
    target_host: str = "",
) -> Plan:
    """The plan of a run with users. Raises UsageError when a number is out of range."""
    if rounds < 1:
        raise UsageError("ROUNDS must be at least 1")
    return Plan(
        profile="locust",
        targets=tuple(target.name for target in targets),
        workloads=(WORKLOAD,),
        pacing=pacing,
        rounds=rounds,
        seed=seed,
        rows=DEFAULT_ROWS,
        window_s=run_time_s,
        requests=0,
        warm_up_min_s=0.0,
        warm_up_max_s=0.0,
        pause_s=PAUSE_S,
        target_host=target_host,
    )


def run_ui(site: Site, environment: Mapping[str, str]) -> int:
    """Locust's own page on loopback, until it ends or Ctrl-C. Returns its exit code.

    Raises PortTaken when another process listens there.
    """
    port = UI_PORT + site.port_offset
    _require_free(port)
    return _in_foreground(
        (
            *("--locustfile", str(LOCUSTFILE), "--class-picker"),
            *("--web-host", "127.0.0.1", "--web-port", str(port)),
        ),
        environment,
    )


def require_resolvable(master: str) -> None:
    """Raises UsageError on a name that is no machine's: Locust would ask for it for minutes."""
    try:
        socket.getaddrinfo(master, None)
    except (OSError, UnicodeError) as error:
        raise UsageError(
            f"MASTER={master} is no machine that can be found here",
            "Say the address that make locust-master names, e.g. MASTER=192.168.1.10.",
        ) from error


def run_worker(master: str, master_port: int) -> int:
    """One worker for a master on another machine, until the master lets it go."""
    return _in_foreground(
        (
            *("--locustfile", str(LOCUSTFILE), "--worker"),
            *("--master-host", master, "--master-port", str(master_port)),
        ),
        {},
    )


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise PortTaken(
                f"port {port}, where Locust's page would be, is taken",
                "Stop what listens there, or move all ports as a block: PORT_OFFSET=1000.",
            ) from error


def _in_foreground(arguments: tuple[str, ...], environment: Mapping[str, str]) -> int:
    """Locust in a group of its own, ended by us: Ctrl-C reaches the lab alone."""
    cpus = process.list_cpus(sorted(os.sched_getaffinity(0)))
    locust = subprocess.Popen(
        process.command("bench.load.users", str(os.getpid()), cpus, "-", *arguments),
        env={**process.environment(), **verb_variables(), **environment},
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
        process_group=0,
    )
    try:
        return locust.wait()
    finally:
        with undisturbed():
            _end(locust)


def _end(locust: subprocess.Popen[bytes]) -> None:
    """Ask it to go, and insist after a while."""
    if locust.poll() is None:
        locust.terminate()
        deadline = time.monotonic() + _STOP_PATIENCE_S
        while locust.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
    with suppress(ProcessLookupError):
        os.killpg(locust.pid, signal.SIGKILL)
    locust.wait()
