"""The supervisors' conformance suite, on a real systemd."""

import sys

from .conftest import PLAIN, Beside


def test_the_suite_passes_on_systemd(beside_systemd: Beside) -> None:
    """What every supervisor must do, systemd does: nothing is skipped, nothing fails."""
    done = beside_systemd(
        sys.executable, "-m", "pytest", "-q", *PLAIN,
        "tests/conformance/supervise/test_supervisor.py",
        "tests/conformance/supervise/test_killed_lab.py",
        # systemd keeps that record itself.
        "--deselect=tests/conformance/supervise/test_killed_lab.py"
        "::test_a_unit_without_a_record_does_not_run",
        ONECORE_TEST_SUPERVISOR="systemd",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "skipped" not in done.stdout
