"""A document on a terminal, or as plain text where there is none."""

import os
from collections.abc import Iterable

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table as RichTable
from rich.text import Text

from bench.model import CountedDiagnostic
from bench.report.document import (
    Cell,
    Diagnostics,
    Document,
    Figure,
    Notes,
    Outcome,
    Prose,
    Sheet,
    Table,
    TargetCell,
    cell_text,
)
from bench.report.render.fitting import parts_of
from bench.report.style import NO_STYLES, Styles, marker_key_words
from bench.words import diagnostic_words, message_words

NO_WIDTH = 100_000
"""Of a pipe or a file: nothing is broken or cut for one."""

SEVERITY_STYLES = {"invalid": "bold red", "doubt": "yellow", "note": "cyan"}
"""How a diagnostic looks on a terminal, by its severity."""


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Whoever read this has gone (`| head`): KeyboardInterrupt, told on the other stream."""
        self.quiet = True
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.file.fileno())
        os.close(nowhere)
        raise KeyboardInterrupt


def make_console(*, stderr: bool = False) -> Console:
    """A console as wide as its terminal, or without a width where there is none."""
    console = _Console(stderr=stderr, highlight=False)
    if not console.is_terminal:
        console.width = NO_WIDTH
    return console


def print_document(console: Console, document: Document, *, facts: bool = True) -> None:
    """Sentences and tables, then remarks, then diagnostics: the end is what stays on the screen.

    Without `facts`, title and circumstances are left out, for whoever has just seen them.
    """
    if facts:
        console.print(document.title, style="bold", markup=False)
        for line in document.facts:
            console.print(line, markup=False, soft_wrap=True)
        console.print()
    styles = document.styles if _can_say(console, marker_key_words(document.styles)) else NO_STYLES
    if key := marker_key_words(styles):
        console.print(key, markup=False, style="dim")
        console.print()
    shown = document.blocks("everywhere")
    for block in shown:
        match block:
            case Prose() | Outcome():
                console.print(block.text, markup=False, soft_wrap=True)
                console.print()
            case Figure(table=Table() as table) | Sheet(table=table):
                print_table(console, table, styles)
    for block in shown:
        if isinstance(block, Notes):
            for line in block.lines:
                console.print(line, markup=False, soft_wrap=True)
    for block in shown:
        if isinstance(block, Diagnostics):
            print_diagnostics(console, block.found)


def _can_say(console: Console, text: str) -> bool:
    """Whether the terminal's encoding has all of these characters."""
    try:
        text.encode(console.encoding)
    except UnicodeEncodeError:
        return False
    return True


def fitted(console: Console, table: Table, styles: Styles = NO_STYLES) -> tuple[RichTable, ...]:
    """A table in the console's width, in as many parts as that takes, without its caption."""
    wide = console.options.update(width=NO_WIDTH)

    def width_of(part: Table) -> int:
        return Measurement.get(console, wide, drawn_table(part, styles)).maximum

    return tuple(
        drawn_table(part.table, styles, wraps=part.wraps)
        for part in parts_of(table, console.width, width_of)
    )


def drawn_table(table: Table, styles: Styles = NO_STYLES, *, wraps: bool = False) -> RichTable:
    """A table without its caption. Rows that share their first cell form a group.

    Targets have their framework's colour and their mode's marker, as far as `styles` tell.

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
    previous: Cell = ""
    for row in table.rows:
        first, *rest = row
        if grouped and previous and first != previous:
            drawn.add_section()
        shown = ("" if first == previous else first, *rest)
        drawn.add_row(*(_cell(cell, styles) for cell in shown))
        previous = first
    return drawn


def _cell(cell: Cell, styles: Styles) -> Text:
    style = styles.get(cell.name) if isinstance(cell, TargetCell) else None
    return Text(cell_text(cell, styles), style.terminal if style else "")


def print_table(console: Console, table: Table, styles: Styles = NO_STYLES) -> None:
    """One table with its caption."""
    for part in fitted(console, table, styles):
        console.print(part)
    if table.caption:
        console.print(table.caption, style="dim")
    console.print()


def print_diagnostics(console: Console, found: Iterable[CountedDiagnostic]) -> None:
    """One diagnostic after the other, each in one line where there is no terminal.

    On a terminal what was seen is wrapped between words. The remedy is a line of its own that only
    the terminal breaks, so that it can be copied in one piece.
    """
    for diagnostic, count in found:
        grade = Text(f"{diagnostic.severity}:", SEVERITY_STYLES[diagnostic.severity])
        if console.is_terminal:
            seen = RichTable.grid(padding=(0, 1))
            seen.add_row(grade, Text(message_words(diagnostic, count)))
            console.print(seen)
            if diagnostic.remedy:
                console.print(Text(diagnostic.remedy, "dim"), soft_wrap=True)
        else:
            told = f" {diagnostic_words(diagnostic, count)}"
            console.print(Text.assemble(grade, told), soft_wrap=True)
