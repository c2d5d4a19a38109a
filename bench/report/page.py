"""A report as sentences and tables, for a terminal and as Markdown alike."""

from dataclasses import dataclass

from rich.console import Console

from bench.model import LabWarning
from bench.report.markdown import doubts_markdown, table_markdown
from bench.report.tables import Table
from bench.report.terminal import print_table


@dataclass(frozen=True)
class Page:
    """`lead` comes before the tables and `notes` after them, a sentence or more in each line.

    `facts` are for the file alone: circumstances that would bury the figures on a terminal.
    `warnings` are the doubts with their counts, None where doubts are told of elsewhere.
    """

    title: str
    lead: tuple[str, ...]
    tables: tuple[Table, ...]
    notes: tuple[str, ...] = ()
    warnings: tuple[tuple[LabWarning, int], ...] | None = None
    facts: tuple[str, ...] = ()


def page_markdown(page: Page) -> str:
    """The whole page as one Markdown text."""
    parts = [f"# {page.title}", *page.lead, *map(table_markdown, page.tables)]
    if page.notes:
        parts.append("\n".join(f"- {note}" for note in page.notes))
    if page.warnings is not None:
        parts.append(doubts_markdown(page.warnings))
    if page.facts:
        parts.append("## Provenance\n\n" + "\n".join(f"- {fact}" for fact in page.facts))
    return "\n\n".join(parts) + "\n"


def print_page(console: Console, page: Page) -> None:
    """The page on a terminal, without its facts."""
    console.print(page.title, style="bold", markup=False)
    for line in page.lead:
        console.print(line, markup=False, soft_wrap=True)
    console.print()
    for table in page.tables:
        print_table(console, table)
    for note in page.notes:
        console.print(note, markup=False, soft_wrap=True)
    for warning, count in page.warnings or ():
        times = f" ({count} times)" if count > 1 else ""
        console.print(
            f"{warning.severity}: {warning.message}{times}. {warning.remedy}",
            markup=False,
            soft_wrap=True,
        )
