"""A report as sentences and tables, for a terminal and as Markdown alike."""

from dataclasses import dataclass

from rich.console import Console

from bench.analysis.diagnostics.collected import Counted
from bench.report.markdown import diagnostics_markdown, plain_text, table_markdown
from bench.report.tables import Table
from bench.report.terminal import print_diagnostics, print_table


@dataclass(frozen=True)
class Page:
    """`lead` comes before the tables and `notes` after them, a sentence or more in each line.

    `facts` are for the file alone: circumstances that would bury the figures on a terminal.
    `diagnostics` are None where they are told of elsewhere.
    """

    title: str
    lead: tuple[str, ...]
    tables: tuple[Table, ...]
    notes: tuple[str, ...] = ()
    diagnostics: tuple[Counted, ...] | None = None
    facts: tuple[str, ...] = ()


def page_markdown(page: Page) -> str:
    """The whole page as one Markdown text."""
    parts = [f"# {page.title}", *page.lead, *map(table_markdown, page.tables)]
    if page.notes:
        parts.append("\n".join(f"- {plain_text(note)}" for note in page.notes))
    if page.diagnostics is not None:
        parts.append(diagnostics_markdown(page.diagnostics))
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
    print_diagnostics(console, page.diagnostics or ())
