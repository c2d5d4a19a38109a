"""Passwords: generated once per lab, kept in files only their owner can read, shown nowhere.

libpq reads the password files itself (PGPASSFILE), so no password stands in an environment, on a
command line or in a log.
"""

import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from bench.files import make_passable, write_whole
from bench.model import Role

SUPERUSER = "postgres"
SERVICE_USER = "testuser"


@dataclass(frozen=True)
class Secrets:
    """Paths of the secret files, all 0600, each of the one user who reads it.

    `pgpass` lets services log in as testuser; `admin_pgpass` lets the lab in as superuser;
    `superuser_password` is read once by initdb; `secret_key` is for frameworks that sign things.
    """

    directory: Path

    @property
    def pgpass(self) -> Path:
        """The PGPASSFILE of services, which the apps' user reads."""
        return self.directory / "pgpass"

    @property
    def admin_pgpass(self) -> Path:
        """The PGPASSFILE of the lab's own sessions, which the caller alone reads."""
        return self.directory / "admin-pgpass"

    @property
    def superuser_password(self) -> Path:
        """The file that initdb takes the password from, which the databases' user reads."""
        return self.directory / "superuser-password"

    @property
    def secret_key(self) -> Path:
        """The SECRET_KEY_FILE of services, which the apps' user reads."""
        return self.directory / "secret-key"

    def service_password(self) -> str:
        """The password of testuser, for the statement that sets it."""
        return self.pgpass.read_text().strip().rpartition(":")[2]


class Own(Protocol):
    """Hands a path to the user of the databases or of the apps (a supervisor's `own`)."""

    def __call__(self, path: Path, role: Role) -> None: ...


def _keep(path: Path) -> None:
    """Make a file the caller's own."""
    os.chown(path, os.geteuid(), -1, follow_symlinks=False)


def _write_once(path: Path, text: str, own: Callable[[Path], None]) -> None:
    """Create `path` with mode 0600 from the start, complete or not at all; an existing one stays,
    and is closed and handed over again: it may have been opened (`chmod -R`), or be another user's.
    """
    if path.exists():
        own(path)
        path.chmod(0o600)
    else:
        write_whole(path, text, mode=0o600, own=own)


def ensure_secrets(directory: Path, own: Own) -> Secrets:
    """The lab's secrets, generated on first use."""
    make_passable(directory)
    to_apps, to_databases = partial(own, role="app"), partial(own, role="database")
    found = Secrets(directory)
    superuser = secrets.token_urlsafe(24)
    if not (found.superuser_password.exists() and found.admin_pgpass.exists()):
        found.superuser_password.unlink(missing_ok=True)
        found.admin_pgpass.unlink(missing_ok=True)
    _write_once(found.superuser_password, superuser + "\n", to_databases)
    # Only the lab itself logs in as superuser: this file stays the caller's.
    _write_once(found.admin_pgpass, f"127.0.0.1:*:*:{SUPERUSER}:{superuser}\n", _keep)
    service = secrets.token_urlsafe(24)
    _write_once(found.pgpass, f"127.0.0.1:*:*:{SERVICE_USER}:{service}\n", to_apps)
    _write_once(found.secret_key, secrets.token_urlsafe(50) + "\n", to_apps)
    return found
