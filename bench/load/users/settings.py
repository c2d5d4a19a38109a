"""What a swarm is asked for: from text to values, and to the command line of Locust."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast, get_args

from bench.errors import UsageError
from bench.model import LoadSpec, Shape, Users
from bench.targets import known_targets

LOCUSTFILE = Path(__file__).parents[2] / "locustfile.py"
TIMEOUT_S = 30.0
"""After it a request has failed; the same as the lab's own generator."""

SETTLE_S = 2.0
"""Between the start of the last user and a window that leaves the start of users out."""

WORKERS_PATIENCE_S = 300
"""How long a master waits for workers of other machines."""

MASTER_PORT = 5557
UI_PORT = 8089
MOST_THROUGHPUT_PER_S = 1000.0
"""Of one user."""

_WORDS = {"fastapi": "FastAPI", "drf": "DRF", "asgi": "ASGI", "wsgi": "WSGI"}
"""How a word of a target's name is written where it is not simply capitalized."""


def user_class(target: str) -> str:
    """The class in the locustfile that uses this target: of `drf-tuned` it is `DRFTunedUser`."""
    words = re.split(r"[-_]", target)
    return "".join(_WORDS.get(word, word.capitalize()) for word in words) + "User"


def default_hosts(environment: Mapping[str, str] = os.environ) -> Mapping[str, str]:
    """Where each target answers: TARGET_HOST's machine, else BIND's address, else this one."""
    host = environment.get("TARGET_HOST") or environment.get("BIND") or "127.0.0.1"
    offset = int(environment.get("PORT_OFFSET") or 0)
    return {target.name: f"http://{host}:{target.http_port}" for target in known_targets(offset)}


def parse_wait(text: str | None) -> tuple[float, float]:
    """Least and most seconds of a pause: "1-3", or "2" for always the same; 1-3 when left out.

    Raises UsageError.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(?:-(\d+(?:\.\d+)?))?", (text or "1-3").strip())
    if match is None:
        raise UsageError(f"WAIT={text} is no pause", "Say seconds: WAIT=1-3, or WAIT=2.")
    least_s, most_s = float(match[1]), float(match[2] or match[1])
    if least_s > most_s:
        raise UsageError(f"WAIT={text} runs backwards", "The shorter pause comes first: WAIT=1-3.")
    return least_s, most_s


_UNITS_S = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}


def parse_run_time(text: str) -> float:
    """Seconds: "60", "90s", "5m", "1h30m". Raises UsageError."""
    parts = re.findall(r"(\d+(?:\.\d+)?)([hms]?)", text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise UsageError(f"RUN_TIME={text} is no time", "Say e.g. RUN_TIME=60, 5m or 1h30m.")
    seconds = sum(float(number) * _UNITS_S[unit] for number, unit in parts)
    if seconds < 1:
        raise UsageError(f"RUN_TIME={text} is too short", "It takes at least a second.")
    return seconds


def make_users(
    *,
    users: int,
    spawn_rate_per_s: float,
    wait: str = "1-3",
    throughput_per_s: float | None = None,
    shape: str = "",
    workers: int = 0,
    remote: bool = False,
) -> Users:
    """The users of a run. Raises UsageError on what is unknown or out of range."""
    if not 1 <= users <= 20_000:
        raise UsageError(f"USERS={users} is out of range", "Choose 1 to 20000.")
    if not 0 < spawn_rate_per_s <= 1000:
        raise UsageError(f"SPAWN_RATE={spawn_rate_per_s:g} is out of range", "Choose up to 1000.")
    if not 0 <= workers <= 1000:
        raise UsageError(f"WORKERS={workers} is out of range", "Choose up to 1000.")
    if throughput_per_s is not None and not 0 < throughput_per_s <= MOST_THROUGHPUT_PER_S:
        raise UsageError(f"THROUGHPUT={throughput_per_s:g} is out of range", "Choose up to 1000.")
    known = get_args(Shape)
    if shape and shape not in known:
        raise UsageError(f"unknown shape {shape!r}", f"Known shapes: {', '.join(known)}.")
    if shape and throughput_per_s is not None:
        raise UsageError(
            "a SHAPE moves the number of users, a THROUGHPUT needs it to stand still",
            "Choose one of the two.",
        )
    return Users(
        users=users,
        spawn_rate_per_s=spawn_rate_per_s,
        wait_s=parse_wait(wait),
        throughput_per_s=throughput_per_s,
        shape=cast("Shape | None", shape or None),
        workers=workers,
        remote=remote,
    )


@dataclass(frozen=True)
class Ports:
    """Where a master listens for its workers."""

    master_host: str = "127.0.0.1"
    master: int = MASTER_PORT


def locust_arguments(
    spec: LoadSpec, target: str, files: Path | None, ports: Ports
) -> tuple[str, ...]:
    """The command line of Locust for one window.

    `files` is the folder and beginning of the names of its reports. The window's length is not
    among the arguments: telemetry ends it, counted from the moment the lab says go.
    """
    pacing = spec.pacing
    assert isinstance(pacing, Users)
    return (
        *("--locustfile", str(LOCUSTFILE), "--headless", "--only-summary"),
        *("--host", spec.base_url),
        *("--users", str(pacing.users), "--spawn-rate", f"{pacing.spawn_rate_per_s:g}"),
        # Requests under way at the end are waited for and belong to the window.
        *("--stop-timeout", f"{TIMEOUT_S:g}"),
        *("--wait", pacing.wait_text),
        *_throughput(pacing),
        *("--seed", str(spec.seed)),
        *(() if spec.shared_database else ("--alone",)),
        # Not --run-time, which takes whole seconds only.
        *(("--shape-time", repr(spec.duration_s)) if pacing.shape else ()),
        *_workers(pacing, ports),
        *(_reports(files) if files else ()),
        user_class(target),
    )


def _throughput(pacing: Users) -> Sequence[str]:
    if pacing.throughput_per_s is None:
        return ()
    rate = f"{pacing.throughput_per_s!r}"
    return ("--throughput", rate, "--throughput-users", str(pacing.users))


def _workers(pacing: Users, ports: Ports) -> Sequence[str]:
    if not pacing.workers:
        return ()
    common = (
        # What a lost worker's users did is taken over by the others.
        "--enable-rebalancing",
        *("--master-bind-host", ports.master_host, "--master-bind-port", str(ports.master)),
    )
    if pacing.remote:
        patience = ("--expect-workers-max-wait", str(WORKERS_PATIENCE_S))
        return (*common, "--master", "--expect-workers", str(pacing.workers), *patience)
    return (*common, "--processes", str(pacing.workers), "--master-port", str(ports.master))


def _reports(files: Path) -> Sequence[str]:
    return (
        *("--html", f"{files}.html", "--csv", str(files), "--csv-full-history"),
        *("--json-file", str(files)),  # Locust adds .json
    )
