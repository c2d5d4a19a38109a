"""What ends a run or a cell names what to do."""

import psycopg2
import pytest
from psycopg2 import errors

from bench.cli.measuring import require_clean
from bench.database.admin import _remedy
from bench.errors import LabError
from bench.model import Diagnostic

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
