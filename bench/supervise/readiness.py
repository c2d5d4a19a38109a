"""Whether a unit answers. A real check, never a sleep."""

import math
import subprocess
import time
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

from bench.environment import composed
from bench.errors import UnitFailed
from bench.supervise import Supervisor

START_PATIENCE_S = 60.0

_STATUS_EVERY_S = 0.25
"""To ask systemd takes more than to ask the unit itself, and takes it from what is starting."""


def postgres_ready(pg_isready: Path, host: str, port: int) -> bool:
    """Whether PostgreSQL accepts connections, as its own pg_isready sees it."""
    command = [str(pg_isready), "--quiet", f"--host={host}", f"--port={port}", "--timeout=2"]
    return subprocess.run(command, env=composed(), check=False).returncode == 0


def http_ready(url: str) -> bool:
    """Whether `url` answers 200. No proxy has a way to this machine's own services."""
    where = urlsplit(url)
    connection = HTTPConnection(where.netloc, timeout=5)
    try:
        connection.request("GET", where.path)
        return connection.getresponse().status == 200
    except (HTTPException, OSError):
        return False
    finally:
        connection.close()


def wait_until_ready(
    supervisor: Supervisor,
    name: str,
    ready: Callable[[], bool],
    patience_s: float = START_PATIENCE_S,
) -> None:
    """Wait for `ready()`.

    Raises UnitFailed with the tail of the unit's log when it ends or does not become ready.
    """
    began_s, looked_s = time.monotonic(), -math.inf
    while not ready():
        now_s = time.monotonic()
        is_late = now_s > began_s + patience_s
        if is_late or now_s >= looked_s + _STATUS_EVERY_S:
            looked_s = now_s
            _require_running(supervisor, name)
        if is_late:
            raise UnitFailed(
                f"{name} runs, but was not ready after {patience_s:.0f} s. "
                f"Its log:\n{supervisor.log_tail(name)}"
            )
        time.sleep(0.05)


def _require_running(supervisor: Supervisor, name: str) -> None:
    if supervisor.status(name).state not in ("running", "frozen"):
        raise UnitFailed(f"{name} ended while starting. Its log:\n{supervisor.log_tail(name)}")
