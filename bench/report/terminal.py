"""Tables and sentences on a terminal, or as plain text where there is none."""

from collections.abc import Iterable

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table as RichTable
from rich.text import Text

from bench.analysis.diagnostics.collected import Counted, diagnostics_of
from bench.analysis.stored import StoredRun
from bench.report.diagnostics import diagnostic_words, message_words
from bench.report.facts import machine_line, placement_line, state_line
from bench.report.fitting import parts_of
from bench.report.modes import modes_table
from bench.report.sending import sending_table
from bench.report.tables import Table, cost_table, speed_table, use_table
from bench.report.verdicts import verdict_tables

NO_WIDTH = 100_000
"""Of a pipe or a file: nothing is broken or cut for one."""

_STYLE = {"invalid": "bold red", "doubt": "yellow", "note": "cyan"}


def make_console(*, stderr: bool = False) -> Console:
    """A console as wide as its terminal, or without a width where there is none."""
    console = Console(stderr=stderr, highlight=False)
    if not console.is_terminal:
        console.width = NO_WIDTH
    return console


def fitted(console: Console, table: Table) -> tuple[RichTable, ...]:
    """A table in the console's width, in as many parts as that takes, without its caption."""
    wide = console.options.update(width=NO_WIDTH)

    def width_of(part: Table) -> int:
        return Measurement.get(console, wide, drawn_table(part)).maximum

    return tuple(
        drawn_table(part.table, wraps=part.wraps)
        for part in parts_of(table, console.width, width_of)
    )


def drawn_table(table: Table, *, wraps: bool = False) -> RichTable:
    """A table without its caption. Rows that share their first cell form a group.

    `wraps`: the last column is broken between words where there is no room.
    """
    drawn = RichTable(
        title=table.title or None,
        title_style="bold",
        title_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        show_edge=False,
    )
    drawn.show_header = any(table.columns)
    for number, (name, numeric) in enumerate(zip(table.columns, table.numeric, strict=True), 1):
        drawn.add_column(
            name,
            justify="right" if numeric else "left",
            no_wrap=not (wraps and number == len(table.columns)),
            overflow="fold",
        )
    grouped = len({row[0] for row in table.rows}) < len(table.rows)
    previous = ""
    for first, *rest in table.rows:
        if grouped and previous and first != previous:
            drawn.add_section()
        drawn.add_row("" if first == previous else first, *rest)
        previous = first
    return drawn


def print_table(console: Console, table: Table) -> None:
    """One table with its caption."""
    for part in fitted(console, table):
        console.print(part)
    if table.caption:
        console.print(table.caption, style="dim")
    console.print()


def print_diagnostics(console: Console, found: Iterable[Counted]) -> None:
    """One diagnostic after the other, each in one line where there is no terminal.

    On a terminal what was seen is wrapped between words. The remedy is a line of its own that only
    the terminal breaks, so that it can be copied in one piece.
    """
    for diagnostic, count in found:
        grade = Text(f"{diagnostic.severity}:", _STYLE[diagnostic.severity])
        if console.is_terminal:
            seen = RichTable.grid(padding=(0, 1))
            seen.add_row(grade, Text(message_words(diagnostic, count)))
            console.print(seen)
            console.print(Text(diagnostic.remedy, "dim"), soft_wrap=True)
        else:
            console.print(
                Text.assemble(grade, f" {diagnostic_words(diagnostic, count)}"), soft_wrap=True
            )


def print_run(console: Console, run: StoredRun) -> None:
    """A run's report: where it was measured, the tables and the diagnostics."""
    record = run.record
    console.print(f"Run {record.run_id}", style="bold")
    for line in (state_line(record), machine_line(record), placement_line(record)):
        console.print(line, markup=False, soft_wrap=True)
    console.print()
    print_results(console, run)


def print_results(console: Console, run: StoredRun) -> None:
    """The tables and the diagnostics alone, where the rest has just been seen."""
    record = run.record
    print_table(console, speed_table(record))
    if sending := sending_table(record):
        print_table(console, sending)
    print_table(console, cost_table(record))
    print_table(console, use_table(record))
    for table in verdict_tables(record):
        print_table(console, table)
    if by_mode := modes_table(record):
        print_table(console, by_mode)
    print_diagnostics(console, diagnostics_of(run))
