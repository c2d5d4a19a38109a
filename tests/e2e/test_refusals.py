"""What the command line says to a user who may not do what was asked."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.supervise.identity import current_identity

from .conftest import ROOT


def as_another_user(folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """`make up` of somebody to whom `folder` does not belong. Whoever is not root plays that
    user with a folder that is closed to everybody."""
    prefix = current_identity((ROOT, folder)).prefix
    if not prefix:
        folder.chmod(0o555)
    return subprocess.run(
        [*prefix, sys.executable, "-m", "bench", "up"],
        cwd=ROOT,
        env={**os.environ, "SUPERVISOR": "process", "PYTHONDONTWRITEBYTECODE": "1", **variables},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("depth", [0, 1])
def test_another_users_lab_is_told_in_a_sentence(public_folder: Path, depth: int) -> None:
    """Whose the lab's folder is, and how to have a lab of one's own; no traceback. Below a folder
    that is another's there can be none either."""
    state = public_folder / f"another-users-{depth}"
    (state / "default").mkdir(parents=True)
    closed = (state / "default", state)[depth]
    if depth:
        (state / "default").rmdir()
    done = as_another_user(
        closed, ONECORE_STATE=str(state), PORT_OFFSET="0", ONECORE_LOCKS=str(public_folder)
    )
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert f"cannot use {state / 'default'}: " in done.stderr
    assert f"{closed} belongs to {closed.owner()}, and you are " in done.stderr
    assert "ONECORE_STATE" in done.stderr
