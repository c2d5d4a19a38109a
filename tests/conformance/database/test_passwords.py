"""Passwords: generated, asked for and never shown."""

import os
import stat
from pathlib import Path

import psycopg2
import pytest

from bench.database.admin import Admin
from bench.database.secrets import ensure_secrets
from bench.experiment.lab import Lab
from bench.model import Target


def test_secret_files_are_for_their_owner_alone(lab: Lab) -> None:
    """0600, in a folder of the caller's through which others pass to theirs, and no more."""
    folder = lab.secrets.directory
    assert stat.S_IMODE(folder.stat().st_mode) == 0o711
    assert folder.stat().st_uid == os.geteuid()
    files = list(folder.iterdir())
    assert len(files) == 4
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_passwords_are_kept_and_differ(tmp_path: Path) -> None:
    """Generated once, then kept; no two labs share one."""
    first = ensure_secrets(tmp_path / "a", lambda path, role: None)
    again = ensure_secrets(tmp_path / "a", lambda path, role: None)
    other = ensure_secrets(tmp_path / "b", lambda path, role: None)
    assert first.service_password() == again.service_password()
    assert len(first.service_password()) >= 24
    texts = [path.read_text() for secrets in (first, other) for path in secrets.directory.iterdir()]
    assert len(set(texts)) == len(texts)


def test_the_database_wants_the_password(lab: Lab, target: Target, tmp_path: Path) -> None:
    """Nobody gets in without it: no trust authentication, for no role."""
    wrong = tmp_path / "pgpass"
    wrong.write_text("127.0.0.1:*:*:*:guess\n")
    wrong.chmod(0o600)
    for role in ("testuser", "postgres"):
        with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
            psycopg2.connect(
                host="127.0.0.1",
                port=target.database_port,
                dbname=target.database_name,
                user=role,
                passfile=str(wrong),
            )


def test_no_password_shows_anywhere(lab: Lab, target: Target, admin: Admin) -> None:
    """Not in logs, not on command lines, not in the statistics view."""
    admin.provision()
    password = lab.secrets.service_password()
    superuser = lab.secrets.superuser_password.read_text().strip()
    with admin._items().cursor() as cursor:
        cursor.execute("SELECT string_agg(query, ' ') FROM pg_stat_statements")
        (queries,) = cursor.fetchone()
    logs = "".join(lab.supervisor.log(n) for n in lab.supervisor.names())
    lines = "".join(
        path.read_bytes().decode(errors="replace")
        for path in Path("/proc").glob("[0-9]*/cmdline")
        if path.exists()
    )
    for secret in (password, superuser):
        assert secret not in (queries or "") + logs + lines
