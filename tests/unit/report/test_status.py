"""What runs, as a table, with the remedy for what has failed."""

from dataclasses import replace

from rich.console import Console

from bench.live.status import UnitLine, status_table, watch_table
from bench.model import UnitStatus
from bench.report.render.terminal import drawn_table


def line(name: str, state: str, detail: str = "", **changes: object) -> UnitLine:
    """One unit of drf-tuned in this state."""
    status = UnitStatus(state=state, pid=None, detail=detail)  # type: ignore[arg-type]
    return replace(
        UnitLine(name, "drf-tuned", "", status, "127.0.0.1:1", 1, (0,)),
        **changes,  # type: ignore[arg-type]
    )


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
        "Its log: make logs FRAMEWORK=drf-tuned. Start it again: make up FRAMEWORK=drf-tuned."
    )


def test_nothing_is_said_where_nothing_has_failed() -> None:
    """The table alone says that a unit does not run."""
    assert status_table((line("onecore-flask", "stopped"),)).caption == ""


def test_a_service_is_shown_with_its_mode() -> None:
    """Beside its name, as wherever it stands; a database has none."""
    lines = (
        line("onecore-drf-tuned", "stopped", mode="tuned"),
        line("onecore-postgres-drf", "stopped"),
    )
    for table in (status_table(lines), watch_table(lines)):
        at = table.columns.index("mode")
        assert [row[at] for row in table.rows] == ["tuned", ""]


def test_a_unit_that_is_not_on_its_cpus_is_told() -> None:
    """With the CPUs that it may use now, whoever has moved it; where they are not known nothing."""
    running = UnitStatus("running", pid=1)
    strayed = line("onecore-flask", "running", status=running, cpus=(2,), allowed=(0, 1))
    for table in (status_table((strayed,)), watch_table((strayed,))):
        assert "onecore-flask may use CPU 0-1, and was started on CPU 2" in table.caption
        assert table.rows[0][table.columns.index("CPU")] == "0,1"
    for allowed in ((), (2,)):
        assert status_table((replace(strayed, allowed=allowed),)).caption == ""


def test_the_watch_table_fits_a_narrow_terminal() -> None:
    """80 columns, with a name, an address and figures as long as they get."""
    running = UnitStatus("running", pid=1)
    widest = line(
        "onecore-postgres-fastapi",
        "running",
        mode="standard",
        status=running,
        port=15432,
        cpus=(0, 1),
        pss_bytes=1_234_500_000,
        cpu_share=0.987,
        transactions_per_s=12_345.0,
    )
    console = Console(width=200)
    assert console.measure(drawn_table(watch_table((widest,)))).maximum <= 80
