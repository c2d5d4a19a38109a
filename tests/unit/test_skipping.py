"""With ONECORE_SKIP_NOTHING, CI cannot be green because a tool is missing; without, one is told."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.skipping import what_is_lacking

ROOT = Path(__file__).parents[2]
TESTS = """
import pytest

from tests.skipping import NEEDED


@pytest.mark.skipif(True, reason="no wheel on PATH (Debian: apt install wheel)")
def test_tool(): ...


def test_right():
    pytest.skip(f"{NEEDED} cgroups cannot be made here")


@pytest.mark.skipif(True, reason="only root changes users")
def test_other(): ...
"""
LINE = (
    "NOT TESTED HERE: 2 tests: 1 for want of tools (Debian: apt install wheel); "
    "1 x cgroups cannot be made here"
)


@pytest.mark.parametrize(
    ("variable", "workers", "closing", "line"),
    [
        ("", "0", "3 skipped", [LINE]),
        ("", "2", "3 skipped", [LINE]),
        ("1", "0", "1 failed, 1 skipped, 1 error", []),
    ],
    ids=["unset", "unset, two workers", "set"],
)
def test_what_is_missing_is_told_or_fails_where_nothing_may_be_skipped(
    tmp_path: Path, variable: str, workers: str, closing: str, line: list[str]
) -> None:
    """A missing tool or right is a failure there, and one line here; what does not apply stays
    skipped.
    """
    (tmp_path / "test_it.py").write_text(TESTS)
    (tmp_path / "conftest.py").write_text("from tests.skipping import *  # noqa: F403\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--rootdir={tmp_path}",
         "-p", "xdist", "-n", workers, "-c", os.devnull, str(tmp_path)],
        # Plugins that it has no use for take longer to import than the tests to run.
        env={**os.environ, "ONECORE_SKIP_NOTHING": variable, "PYTHONPATH": str(ROOT),
             "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert closing in done.stdout.splitlines()[-1], done.stdout + done.stderr
    assert [said for said in done.stdout.splitlines() if "NOT TESTED" in said] == line
    assert done.returncode == bool(variable)


def test_packages_are_named_once_and_nothing_is_said_of_what_does_not_apply() -> None:
    """However many tests lack them; a test for root, called by a user, lacks nothing."""
    reasons = ["no b (Debian: apt install b c)", "no c: apt install c", "only root changes users"]
    assert what_is_lacking(reasons) == (
        "NOT TESTED HERE: 2 tests: 2 for want of tools (Debian: apt install b c)"
    )
    assert what_is_lacking(reasons[2:]) == ""
