"""Services that somebody started by hand, named by a JSON file instead of being started here.

    CONTRACT_SERVICES=/path/to/services.json python -m pytest tests/contract

The file maps a service's name to `base_url`, `dsn` (a superuser's, without a password) and
`pgpass`. It may hold one service only: the others are then left out of the suite.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path

VARIABLE = "CONTRACT_SERVICES"


@dataclass(frozen=True)
class LiveService:
    """The same four facts that the lab's own fixture gives of a service."""

    name: str
    base_url: str
    dsn: str
    pgpass: Path


def is_asked_for() -> bool:
    """Whether the environment names services started by hand."""
    return VARIABLE in os.environ


def read() -> dict[str, LiveService]:
    """The services in the file that the environment names."""
    entries = json.loads(Path(os.environ[VARIABLE]).read_text())
    return {
        name: LiveService(name, entry["base_url"], entry["dsn"], Path(entry["pgpass"]))
        for name, entry in entries.items()
    }
