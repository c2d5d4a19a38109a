"""What ends a run or a cell names what to do."""

import errno
import io
from pathlib import Path

import psycopg2
import pytest
from psycopg2 import errors
from rich.console import Console

from bench.cli.measuring import require_clean
from bench.database.admin import _remedy
from bench.errors import DatabaseFailed, GeneratorFailed, LabError, StoreError, UnitFailed
from bench.live.watching import TerminalWatcher
from bench.model import Diagnostic
from bench.store import RunStore

from .factories import THREE, cell, record, window

FLASK = THREE[1]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (errors.UndefinedTable("no items"), "make clean"),
        (errors.QueryCanceled("statement timeout"), "statement_timeout"),
        (errors.DiskFull("no space"), "free some space"),
        (psycopg2.OperationalError("gone"), f"make logs FRAMEWORK={FLASK.name}"),
    ],
    ids=["table", "time limit", "disk", "anything else"],
)
def test_what_a_database_refuses_has_its_remedy(error: psycopg2.Error, words: str) -> None:
    """A log is no help against a table that somebody has removed."""
    assert words in _remedy(error, FLASK)


def test_a_run_without_a_usable_window_does_not_end_well() -> None:
    """Exit code 0 would say that there is a figure."""
    told = Diagnostic("cpu-quota", "stopped", "Give whole CPUs.", "invalid")
    void = cell(1, "flask", phases=(window(diagnostics=(told,)),))
    good = cell(2, "flask")
    with pytest.raises(LabError, match="no window that may be used: flask"):
        require_clean(record(cells=(void,)))
    require_clean(record(cells=(void, good)))


def test_failures_that_are_put_up_with_are_no_reason() -> None:
    """MAX_FAIL says so; their windows stay invalid all the same."""
    told = Diagnostic("errors", "1 failed", "See its log.", "invalid")
    require_clean(record(cells=(cell(1, "flask", phases=(window(diagnostics=(told,)),)),)), 1)


def told_at_the_end(store: RunStore, error: Exception) -> LabError:
    """What a session tells of a run that has ended with `error`."""

    def end() -> object:
        raise error

    watcher = TerminalWatcher(Console(file=io.StringIO()), Console(file=io.StringIO()))
    watcher.observer(store)
    with pytest.raises(LabError) as caught:
        watcher.watch(end)  # type: ignore[arg-type]
    return caught.value


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    store = RunStore(tmp_path / "20261122-100000")
    store.create()
    return store


@pytest.mark.parametrize(
    "error",
    [
        UnitFailed("onecore-postgres-flask ended"),
        DatabaseFailed("cannot load", "Free some space."),
        GeneratorFailed("The load generator has ended", "See dmesg."),
        OSError(errno.ENOSPC, "No space left on device", "/state/run/onecore-flask.json"),
    ],
    ids=["unit", "database", "generator", "the lab's own disk"],
)
def test_whatever_ends_a_run_tells_what_is_kept_and_how_to_go_on(
    store: RunStore, error: Exception
) -> None:
    """Beside its own remedy, and once."""
    store.write_record(record(state="failed", provenance={"port_offset": 1000}))
    store.append_cells((cell(),))
    told = told_at_the_end(store, error)
    going_on = "1 finished cell kept. Go on: make bench RESUME=20261122-100000 PORT_OFFSET=1000"
    assert told.remedy.splitlines()[-1] == going_on
    if isinstance(error, LabError):
        assert told.message == error.message
    assert told.remedy.count("RESUME") == 1


def test_a_run_that_is_complete_or_gone_is_not_resumed(store: RunStore) -> None:
    """What failed after its windows has its own remedy, and so has a disk that takes no line."""
    assert told_at_the_end(store, UnitFailed("ended")).remedy == ""
    store.write_record(record(state="complete"))
    assert told_at_the_end(store, UnitFailed("ended")).remedy == ""
    store.write_record(record(state="failed"))
    own = f"Free some space; make bench RESUME={store.directory.name}"
    assert told_at_the_end(store, StoreError("cannot write", own)).remedy == own
