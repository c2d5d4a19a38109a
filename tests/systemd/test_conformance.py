"""The supervisors' conformance suite, on a real systemd."""

import sys

from .conftest import PLAIN, Beside


def test_the_suite_passes_on_systemd(beside_systemd: Beside) -> None:
    """What every supervisor must do, systemd does: nothing is skipped, nothing fails."""
    done = beside_systemd(
        sys.executable, "-m", "pytest", "-q", *PLAIN,
        "tests/conformance/supervise/test_supervisor.py",
        "tests/conformance/supervise/test_killed_lab.py",
        "tests/systemd/manager_suite.py",
        # systemd keeps the record, and restarts by itself.
        *(
            f"--deselect=tests/conformance/supervise/test_killed_lab.py::{name}"
            for name in (
                "test_a_unit_without_a_record_does_not_run",
                "test_a_torn_record_hides_no_process",
                "test_what_was_started_to_stay_stays_between_two_processes",
            )
        ),
        ONECORE_TEST_SUPERVISOR="systemd",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "skipped" not in done.stdout
