"""With ONECORE_SKIP_NOTHING, CI cannot be green because a tool is missing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TESTS = """
import pytest

from tests.conftest import NEEDED, pytest_runtest_makereport  # noqa: F401


@pytest.mark.skipif(True, reason="no wheel on PATH (Debian: apt install wheel)")
def test_tool(): ...


def test_right():
    pytest.skip(f"{NEEDED} cgroups cannot be made here")


@pytest.mark.skipif(True, reason="only root changes users")
def test_other(): ...
"""


@pytest.mark.parametrize(
    ("variable", "told"),
    [("", "3 skipped"), ("1", "1 failed, 1 skipped, 1 error")],
    ids=["unset", "set"],
)
def test_what_is_missing_fails_where_nothing_may_be_skipped(
    tmp_path: Path, variable: str, told: str
) -> None:
    """A missing tool or right is a failure; what does not apply stays skipped."""
    (tmp_path / "test_it.py").write_text(TESTS)
    (tmp_path / "conftest.py").write_text("from tests.conftest import *  # noqa: F403\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--rootdir={tmp_path}",
         "-c", os.devnull, str(tmp_path)],
        env={**os.environ, "ONECORE_SKIP_NOTHING": variable, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert told in done.stdout, done.stdout + done.stderr
    assert done.returncode == bool(variable)
