"""One measurement at a time on one machine, whoever starts it."""

import os
from pathlib import Path

import pytest
from filelock import FileLock

from bench.errors import LabBusy
from bench.experiment.assembly import measuring_alone


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ONECORE_LOCKS", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("uid", [os.geteuid(), os.geteuid() + 1])
def test_a_second_measurement_is_refused(folder: Path, uid: int) -> None:
    """The same user's and another user's alike, and before anything is started."""
    with (
        FileLock(folder / f"onecore-measuring-{uid}.lock"),
        pytest.raises(LabBusy, match="another measurement"),
        measuring_alone(),
    ):
        pytest.fail("two measurements at once")


def test_the_next_one_may_measure(folder: Path) -> None:
    """A lock file that nobody holds is no measurement: after kill -9 nothing is in the way."""
    (folder / f"onecore-measuring-{os.geteuid() + 1}.lock").touch()
    for _ in range(2):
        with measuring_alone():
            pass
