"""The command line, on a real systemd."""

import sys

import pytest

from .conftest import Beside


@pytest.mark.parametrize("beside_systemd", ["root"], indirect=True)  # whose units are sandboxed
def test_a_lab_lives_under_systemd(beside_systemd: Beside) -> None:
    """make up, bench and down, a database killed with -9, and a lab killed with -9."""
    done = beside_systemd(
        sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider",
        "tests/e2e/test_systemd.py",
        ONECORE_TEST_SUPERVISOR="systemd",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "skipped" not in done.stdout
