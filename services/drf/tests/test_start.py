"""What a service needs before it starts, and with what."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

HERE = Path(__file__).parents[1]
COMMANDS = {
    "manage": [sys.executable, "manage.py", "migrate", "--no-input"],
    "serve": [sys.executable, "-m", "gunicorn", "config.wsgi:application", "--check-config"],
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("name", ["DATABASE_URL", "SECRET_KEY_FILE"])
def test_a_missing_setting_is_named(name: str, command: str) -> None:
    """Each command that lacks a setting ends, and its last line names it."""
    environ = {key: value for key, value in os.environ.items() if key != name}
    done = subprocess.run(
        COMMANDS[command], cwd=HERE, env=environ, capture_output=True, text=True, timeout=60
    )
    assert done.returncode != 0
    assert f"KeyError: '{name}'" in done.stderr


def test_the_driver_is_psycopg2() -> None:
    """Django would take psycopg 3, without a word, if that happened to be installed."""
    assert connection.Database.__name__ == "psycopg2"
