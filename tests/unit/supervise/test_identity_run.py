"""What a command that prepares a unit says when it fails."""

from pathlib import Path

import pytest

from bench.errors import UnitFailed
from bench.supervise.identity import Identity

ME = Identity("me", 1000, 1000)


def failing(lines: str) -> UnitFailed:
    with pytest.raises(UnitFailed) as caught:
        ME.run(("sh", "-c", f"printf '{lines}'; exit 3"), {"PATH": "/usr/bin:/bin"}, Path("/"))
    return caught.value


def test_a_failure_is_told_with_the_end_of_its_output() -> None:
    """What it printed last says why."""
    told = failing("".join(f"line {number}\\n" for number in range(30)))
    assert "exit 3" in told.message
    assert "line 29" in told.message
    assert "line 9\n" not in told.message


def test_a_full_disk_is_told_once_and_with_the_remedy() -> None:
    """A copy says it for every file."""
    told = failing("".join(f"cp: {number}: No space left on device\\n" for number in range(30)))
    assert told.message == "`sh` failed: cp: 0: No space left on device"
    assert told.remedy.startswith("Free some space")
