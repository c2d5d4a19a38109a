"""What runs, as a table, with the remedy for what has failed."""

from bench.model import UnitStatus
from bench.report.status import UnitLine, status_table


def line(name: str, state: str, detail: str = "") -> UnitLine:
    """One unit in this state."""
    status = UnitStatus(state=state, pid=None, detail=detail)  # type: ignore[arg-type]
    return UnitLine(name, status, "127.0.0.1:1", (0,), None)


def test_what_has_failed_is_told_with_its_remedy() -> None:
    """The reason, the log, and how to start it again."""
    table = status_table(
        (
            line("onecore-postgres-drf", "failed", "it ended without being asked to"),
            line("onecore-flask", "stopped"),
        )
    )
    assert table.caption == (
        "onecore-postgres-drf has failed: it ended without being asked to. "
        "Its log: make logs FRAMEWORK=drf. Start it again: make up FRAMEWORK=drf."
    )


def test_nothing_is_said_where_nothing_has_failed() -> None:
    """The table alone says that a unit does not run."""
    assert status_table((line("onecore-flask", "stopped"),)).caption == ""
