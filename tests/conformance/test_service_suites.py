"""Each service's own tests, as its developers run them, on the session's real database."""

import os
import subprocess
import sys

import pytest

from bench.experiment.lab import Lab
from bench.targets import known_targets

NAMES = sorted({target.framework for target in known_targets()})


@pytest.mark.parametrize("name", NAMES)
def test_its_own_suite_passes(lab: Lab, name: str) -> None:
    """`python -m pytest` in the service's folder is green, and did run tests."""
    target = next(candidate for candidate in lab.targets if candidate.framework == name)
    lab.start((target,), outlive=False)
    environment = {
        **os.environ,
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # they take longer to import than the suite to run
        "DATABASE_URL": lab.dsn(target),
        "PGPASSFILE": str(lab.secrets.pgpass),
        "SECRET_KEY_FILE": str(lab.secrets.secret_key),
        "ONECORE_TARGET": target.name,
    }
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "pytest_timeout"],
        cwd=target.directory,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]
    assert " passed" in done.stdout
