"""How much is the framework's doing, and how much that of the way it is used."""

from bench.analysis.stored import StoredRun
from bench.report.html.document import Section, Sheet
from bench.report.modes import modes_table


def modes(run: StoredRun) -> Section | None:
    """The modes of each framework side by side. None where there is one mode, and for a study."""
    table = modes_table(run.record) if run.series else None
    if table is None:
        return None
    lead = "What tuning buys stands beside what another framework would."
    return Section("modes", table.title, (Sheet(table),), lead)
