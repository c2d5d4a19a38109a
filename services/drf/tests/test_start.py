"""A missing setting is told in one sentence, by the command line and by the server."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parents[1]
COMMANDS = {
    "manage": [sys.executable, "manage.py", "migrate", "--no-input"],
    "serve": [sys.executable, "-m", "gunicorn", "config.wsgi:application", "--check-config"],
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("name", ["DATABASE_URL", "SECRET_KEY_FILE"])
def test_a_missing_setting_is_one_sentence(name: str, command: str) -> None:
    """Each command that lacks a setting says which in one line and ends with 1."""
    environ = {key: value for key, value in os.environ.items() if key != name}
    done = subprocess.run(
        COMMANDS[command], cwd=HERE, env=environ, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    assert done.stderr.startswith(f"drf: {name} is not set; it must be ")
    assert done.stderr.count("\n") == 1
