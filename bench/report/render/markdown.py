"""A document as Markdown: its facts, tables, remarks and diagnostics, and where it was measured."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from tabulate import tabulate

from bench.model import CountedDiagnostic, Diagnostic
from bench.report.document import (
    Block,
    Diagnostics,
    Document,
    Figure,
    Notes,
    Outcome,
    Prose,
    Sheet,
    Table,
    cell_text,
)
from bench.report.style import NO_STYLES, Styles, marker_key_words
from bench.words import diagnostic_words

_MARKUP = re.compile(r"[\\`*_\[\]<~]")


def markdown(document: Document) -> str:
    """The whole document as one Markdown text."""
    body = document.blocks("everywhere")
    parts = [
        f"# {without_html(document.title)}",
        *map(without_html, document.facts),
        marker_key_words(document.styles),
        *_told(document, body, (Prose, Outcome, Figure, Sheet)),
        *_told(document, body, (Notes,)),
        *_told(document, body, (Diagnostics,)),
        *_told(document, document.blocks("files"), (Prose, Figure, Sheet)),
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def _told(
    document: Document, blocks: Sequence[Block], kinds: tuple[type[Block], ...]
) -> Iterator[str]:
    return (_block(block, document.styles) for block in blocks if isinstance(block, kinds))


def _block(block: Block, styles: Styles) -> str:
    match block:
        case Prose() | Outcome():
            return plain_text(block.text)
        case Figure(table=Table() as table) | Sheet(table=table):
            return table_markdown(table, styles)
        case Notes():
            return "\n".join(f"- {plain_text(line)}" for line in block.lines)
        case Diagnostics():
            return _diagnostics(block.found)
    return ""


def table_markdown(table: Table, styles: Styles = NO_STYLES) -> str:
    """A table below its title, with its caption. `styles` are those of its document."""
    align = ["right" if numeric else "left" for numeric in table.numeric]
    rows = [[without_html(cell_text(cell, styles)) for cell in row] for row in table.rows]
    columns = [without_html(str(column)) for column in table.columns]
    body = tabulate(rows, columns, tablefmt="pipe", colalign=align, disable_numparse=True)
    words = (f"## {without_html(table.title)}", body, without_html(table.caption or ""))
    return "\n\n".join(filter(None, words))


def _diagnostics(found: Sequence[CountedDiagnostic]) -> str:
    if not found:
        return "## Diagnostics\n\nNone was raised."
    lines = (f"- {_diagnostic(diagnostic, count)}" for diagnostic, count in found)
    return "## Diagnostics\n\n" + "\n".join(lines)


def _diagnostic(diagnostic: Diagnostic, count: int) -> str:
    """A message may hold a log: its first line tells it, and none of it is markup here."""
    message = plain_text(diagnostic.message.strip().splitlines()[0])
    told = diagnostic_words(
        replace(diagnostic, message=message, remedy=plain_text(diagnostic.remedy))
    )
    return f"**{diagnostic.code}** ({diagnostic.severity}, {count} x): {told}"


def plain_text(text: str) -> str:
    """Text that Markdown shows as it is: what would be markup to it is escaped."""
    return _MARKUP.sub(r"\\\g<0>", text)


def without_html(text: str) -> str:
    """Markdown takes HTML as it is: names may hold any, and none of ours does."""
    return re.sub(r"<(?=[A-Za-z/!?])", r"\\<", text)
