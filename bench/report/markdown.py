"""A run as Markdown: the tables, the diagnostics, and where it was measured."""

import re
from dataclasses import replace

from tabulate import tabulate

from bench.analysis.diagnostics.collected import Counted, diagnostics_of
from bench.analysis.stored import StoredRun
from bench.model import Diagnostic
from bench.report.diagnostics import diagnostic_words
from bench.report.facts import machine_line, placement_line, provenance_lines, state_line
from bench.report.modes import modes_table
from bench.report.sending import sending_table
from bench.report.tables import Table, cost_table, speed_table, use_table
from bench.report.verdicts import verdict_tables

_MARKUP = re.compile(r"[\\`*_\[\]<~]")


def render_markdown(run: StoredRun) -> str:
    """The whole report as one Markdown text."""
    record = run.record
    parts = [
        f"# Run {record.run_id}",
        state_line(record),
        machine_line(record),
        placement_line(record),
        table_markdown(speed_table(record)),
        table_markdown(sending) if (sending := sending_table(record)) else "",
        table_markdown(cost_table(record)),
        table_markdown(use_table(record)),
        *map(table_markdown, verdict_tables(record)),
        table_markdown(by_mode) if (by_mode := modes_table(record)) else "",
        diagnostics_markdown(diagnostics_of(run)),
        "## Provenance\n\n" + "\n".join(f"- {line}" for line in provenance_lines(record)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def table_markdown(table: Table) -> str:
    align = ["right" if numeric else "left" for numeric in table.numeric]
    body = tabulate(
        table.rows, table.columns, tablefmt="pipe", colalign=align, disable_numparse=True
    )
    return f"## {table.title}\n\n{body}\n\n{table.caption}"


def diagnostics_markdown(found: tuple[Counted, ...]) -> str:
    if not found:
        return "## Diagnostics\n\nNone was raised."
    return "## Diagnostics\n\n" + "\n".join(f"- {_diagnostic(one, count)}" for one, count in found)


def _diagnostic(one: Diagnostic, count: int) -> str:
    """A message may hold a log: its first line tells it, and none of it is markup here."""
    message = one.message.strip().splitlines()[0]
    told = diagnostic_words(
        replace(one, message=plain_text(message), remedy=plain_text(one.remedy))
    )
    return f"**{one.code}** ({one.severity}, {count} x): {told}"


def plain_text(text: str) -> str:
    """Text that Markdown shows as it is: what would be markup to it is escaped."""
    return _MARKUP.sub(r"\\\g<0>", text)
