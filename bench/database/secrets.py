"""Passwords: generated once per lab, kept in files only their owner can read, shown nowhere.

libpq reads the password files itself (PGPASSFILE), so no password stands in an environment, on a
command line or in a log.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.files import write_whole

SUPERUSER = "postgres"
SERVICE_USER = "testuser"


@dataclass(frozen=True)
class Secrets:
    """Paths of the secret files, all 0600.

    `pgpass` lets services log in as testuser; `admin_pgpass` lets the lab in as superuser;
    `superuser_password` is read once by initdb; `secret_key` is for frameworks that sign things.
    """

    directory: Path

    @property
    def pgpass(self) -> Path:
        return self.directory / "pgpass"

    @property
    def admin_pgpass(self) -> Path:
        return self.directory / "admin-pgpass"

    @property
    def superuser_password(self) -> Path:
        return self.directory / "superuser-password"

    @property
    def secret_key(self) -> Path:
        return self.directory / "secret-key"

    def service_password(self) -> str:
        """The password of testuser, for the statement that sets it."""
        return self.pgpass.read_text().strip().rpartition(":")[2]


def _keep(_path: Path) -> None:
    """Leave the owner as it is."""


def _write_once(path: Path, text: str, own: Callable[[Path], None]) -> None:
    """Create `path` with mode 0600 from the start, complete or not at all; keep an existing one."""
    if not path.exists():
        write_whole(path, text, mode=0o600, own=own)


def ensure_secrets(directory: Path, own: Callable[[Path], None]) -> Secrets:
    """The lab's secrets, generated on first use. `own` hands a path to the units' user."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    own(directory)
    found = Secrets(directory)
    superuser = secrets.token_urlsafe(24)
    if not (found.superuser_password.exists() and found.admin_pgpass.exists()):
        found.superuser_password.unlink(missing_ok=True)
        found.admin_pgpass.unlink(missing_ok=True)
    _write_once(found.superuser_password, superuser + "\n", own)
    # Only the lab itself logs in as superuser: this file stays the caller's.
    _write_once(found.admin_pgpass, f"127.0.0.1:*:*:{SUPERUSER}:{superuser}\n", _keep)
    service = secrets.token_urlsafe(24)
    _write_once(found.pgpass, f"127.0.0.1:*:*:{SERVICE_USER}:{service}\n", own)
    _write_once(found.secret_key, secrets.token_urlsafe(50) + "\n", own)
    return found
