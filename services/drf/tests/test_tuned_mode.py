"""The same suite once more, and what only the tuned mode promises."""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
TUNED = {"DJANGO_SETTINGS_MODULE": "config.settings.tuned", "ONECORE_TARGET": "drf-tuned"}


PLUGINS = ("-p", "no:cacheprovider", "-p", "pytest_timeout")
"""What pyproject.toml has options for; the others take longer to import than the suite to run."""


def test_the_suite_passes_in_the_tuned_mode() -> None:
    """In a process of its own: Django's settings are those of a whole process."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *PLUGINS, str(HERE)],
        cwd=HERE.parent,
        env=os.environ | TUNED | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    assert (HERE / "tuned").is_dir()
    assert " passed" in done.stdout
