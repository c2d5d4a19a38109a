"""What a unit has written, and what systemd has said about it, as the journal keeps both."""

import subprocess
import time

from bench.supervise.systemd.manager import Manager
from bench.supervise.systemd.units import LAB_DROP_IN


def journal_command(unit: str) -> tuple[str, ...]:
    """The command that shows all that the journal has of a unit."""
    matches = (f"{field}={unit}" for field in ("SYSLOG_IDENTIFIER", "UNIT", "USER_UNIT"))
    first, *others = matches
    alternatives = (word for match in others for word in ("+", match))
    return ("journalctl", "--no-pager", "--quiet", first, *alternatives)


def journal_of(unit: str, since_unix_s: int | None) -> str:
    """Its lines since then, or all of them; where the journal may not be read, that it says so."""
    since = () if since_unix_s is None else (f"--since=@{since_unix_s}",)
    done = subprocess.run(
        (*journal_command(unit), "--output=short-iso", *since),
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    # Who may not read the journal is told so there.
    return done.stdout or done.stderr


def log_began_unix_s(manager: Manager, unit: str) -> int:
    """When the log of a unit that the lab has started begins: its record is written then.

    Or, by the time of day as it is now, when its latest processes were started: the clock may
    have been set back since, and the journal knows no other.
    """
    written_s = (manager.folder / f"{unit}.d" / LAB_DROP_IN).stat().st_mtime
    shown = manager.show(unit, ("InactiveExitTimestampMonotonic",))
    began_s = int(shown.get("InactiveExitTimestampMonotonic") or 0) / 1e6
    latest_s = time.time() - (time.monotonic() - began_s) if began_s else written_s
    return int(min(written_s, latest_s))
