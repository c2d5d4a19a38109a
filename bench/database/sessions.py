"""Whose sessions a server's processes are, by the titles that PostgreSQL gives them.

The targets of a framework share a server, and each keeps its connections while others are asked.
"""

import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_SESSION = re.compile(rb"^postgres: \S+ (\S+) (?:\[local\]|\S+\(\d+\)) ")
"""User, database and address of a client; what the server does on its own has no address."""


def sessions_elsewhere(pids: Iterable[int], database: str) -> list[int]:
    """Of a server's processes those that serve a client of another database than this."""
    found = []
    for pid in pids:
        with suppress(FileNotFoundError, ProcessLookupError):
            served = served_database(Path(f"/proc/{pid}/cmdline").read_bytes())
            if served not in ("", database):
                found.append(pid)
    return found


def served_database(title: bytes) -> str:
    """The database of the client that a process with this title serves; "" where it serves none."""
    match = _SESSION.match(title)
    return match[1].decode(errors="replace") if match else ""
