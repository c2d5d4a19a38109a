"""Targets that somebody started by hand, named by a JSON file instead of being started here.

    CONTRACT_SERVICES=/path/to/services.json python -m pytest tests/contract

The file maps a target's name to `base_url`, `dsn` (a superuser's, without a password), `pgpass`,
and, when it is no target of this repository, `contract` (core, where it is left out). It may hold
one target only: the others are then left out of the suite.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from .levels import CORE, Level, claimed, level_named

VARIABLE = "CONTRACT_SERVICES"


@dataclass(frozen=True)
class LiveService:
    """The same four facts that the lab's own fixture gives of a target."""

    name: str
    base_url: str
    dsn: str
    pgpass: Path


def is_asked_for() -> bool:
    """Whether the environment names targets started by hand."""
    return VARIABLE in os.environ


def _entries() -> dict[str, dict[str, str]]:
    entries: dict[str, dict[str, str]] = json.loads(Path(os.environ[VARIABLE]).read_text())
    return entries


def levels() -> dict[str, Level]:
    """The targets in the file that the environment names, with the level that each claims."""
    return {
        name: level_named(entry["contract"]) if "contract" in entry else claimed().get(name, CORE)
        for name, entry in _entries().items()
    }


def read() -> dict[str, LiveService]:
    """The targets in the file that the environment names."""
    return {
        name: LiveService(name, entry["base_url"], entry["dsn"], Path(entry["pgpass"]))
        for name, entry in _entries().items()
    }
