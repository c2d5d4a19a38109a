"""Which stored runs a new one may learn from."""

from pathlib import Path

import pytest

from bench.experiment import session
from bench.store import RunStore

from .factories import record


@pytest.fixture
def results(tmp_path: Path) -> Path:
    for number, state in enumerate(("complete", "complete", "interrupted", "complete"), 1):
        store = RunStore(tmp_path / f"2026112{number}-100000")
        store.create()
        store.write_record(record(state=state))
    (tmp_path / "20261125-100000").mkdir()
    (tmp_path / "20261125-100000" / "run.json").write_text("{ torn")
    return tmp_path


def test_complete_runs_come_the_latest_first(results: Path) -> None:
    """One that was cut short, and one that cannot be read, are passed over."""
    found = [earlier.run_id for earlier in session.earlier_runs(results)]
    assert found == ["20261124-100000", "20261122-100000", "20261121-100000"]


def test_not_all_that_was_ever_stored_is_read(
    results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run has to begin some time."""
    monkeypatch.setattr(session, "LOOKED_THROUGH", 2)
    assert [earlier.run_id for earlier in session.earlier_runs(results)] == ["20261124-100000"]
