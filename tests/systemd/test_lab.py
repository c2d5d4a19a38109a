"""The command line, on a real systemd."""

import sys

import pytest

from .conftest import PLAIN, Beside


# Whose own manager it is; root's is nothing that the lab chooses, and the conformance suite has it.
@pytest.mark.parametrize("beside_systemd", ["onecore-test"], indirect=True)
def test_a_lab_lives_under_systemd(beside_systemd: Beside) -> None:
    """make up, bench and down of all three, a database killed with -9, and a lab killed with -9."""
    done = beside_systemd(
        sys.executable, "-m", "pytest", "-q", *PLAIN,
        "tests/e2e/test_systemd.py",
        ONECORE_TEST_SUPERVISOR="systemd",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "skipped" not in done.stdout
