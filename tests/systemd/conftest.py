"""Commands beside a private systemd."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.supervise.identity import closed_folder, uncovering
from tests.skipping import NEEDED

ROOT = Path(__file__).parents[2]
SCRIPT = Path(__file__).parent / "private-systemd"
CANNOT = 77

PLAIN = ("-p", "no:cacheprovider", "-p", "pytest_timeout")
"""Options of a pytest without the plugins that take longer to import than its tests to run."""

Beside = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(params=["root", "onecore-test"], ids=["root", "ordinary user"])
def beside_systemd(request: pytest.FixtureRequest) -> Beside:
    """Runs a command beside a `systemd --user` of its own, as root and as an ordinary user."""

    def run(*command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        needed = (ROOT, Path(sys.prefix).resolve(), Path(sys.base_prefix).resolve())
        # Only root can show another user what lies in a closed folder, and only another needs it.
        other = os.geteuid() == 0 and request.param != "root"
        prefix = uncovering(needed) if other and any(map(closed_folder, needed)) else ()
        done = subprocess.run(
            [*prefix, "bash", str(SCRIPT), str(request.param), *command],
            cwd=ROOT,
            env={
                **os.environ,
                "SUPERVISOR": "systemd",
                "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
                **variables,
            },
            capture_output=True,
            text=True,
            timeout=580,
            check=False,
        )
        if done.returncode == CANNOT:
            pytest.skip(f"{NEEDED} {done.stderr.strip().splitlines()[-1]}")
        return done

    return run
