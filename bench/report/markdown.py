"""A run as Markdown: the tables, what to doubt, and where it was measured."""

from tabulate import tabulate

from bench.model import LabWarning, RunRecord
from bench.report.facts import machine_line, placement_line, provenance_lines, state_line
from bench.report.tables import Table, cost_table, speed_table
from bench.report.verdicts import verdict_table
from bench.report.warnings import collect_warnings


def render_markdown(record: RunRecord) -> str:
    """The whole report as one Markdown text."""
    parts = [
        f"# Run {record.run_id}",
        state_line(record),
        machine_line(record),
        placement_line(record),
        table_markdown(speed_table(record)),
        table_markdown(cost_table(record)),
        table_markdown(verdict_table(record)) if len(record.plan.targets) > 1 else "",
        doubts_markdown(collect_warnings(record)),
        "## Provenance\n\n" + "\n".join(f"- {line}" for line in provenance_lines(record)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def table_markdown(table: Table) -> str:
    align = ["right" if numeric else "left" for numeric in table.numeric]
    body = tabulate(
        table.rows, table.columns, tablefmt="pipe", colalign=align, disable_numparse=True
    )
    return f"## {table.title}\n\n{body}\n\n{table.caption}"


def doubts_markdown(warnings: tuple[tuple[LabWarning, int], ...]) -> str:
    if not warnings:
        return "## Doubts\n\nNone was raised."
    lines = [
        f"- **{one.code}** ({one.severity}, {count} x): {one.message}. {one.remedy}"
        for one, count in warnings
    ]
    return "## Doubts\n\n" + "\n".join(lines)
