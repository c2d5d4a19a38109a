"""One measurement at a time on one machine, whoever starts it."""

import os
from pathlib import Path

import pytest
from filelock import FileLock

from bench.errors import LabBusy, SetupError
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


def test_a_folder_that_is_none_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file where the locks should be: one sentence, and the variable that mends it."""
    (folder / "file").touch()
    for where in (folder / "file", folder / "file" / "below"):
        monkeypatch.setenv("ONECORE_LOCKS", str(where))
        with pytest.raises(SetupError, match=str(where)) as caught, measuring_alone():
            pytest.fail("measuring without a lock")
        assert "ONECORE_LOCKS" in caught.value.remedy


def test_a_lock_that_cannot_be_opened_is_told(folder: Path) -> None:
    """A link in its place, which somebody else may have put there, is not followed."""
    path = folder / f"onecore-measuring-{os.geteuid()}.lock"
    path.symlink_to(folder / "elsewhere")
    with pytest.raises(SetupError, match=str(path)), measuring_alone():
        pytest.fail("measuring without a lock")
