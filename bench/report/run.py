"""The report of one run, whatever it measured and however it ended."""

from bench.analysis.stored import StoredRun
from bench.report.document import Document
from bench.report.facts import fact_line, machine_fact, placement_fact, run_line
from bench.report.sections import sections
from bench.report.sections.studies.reports import report_of
from bench.report.style import styles_of


def run_document(run: StoredRun) -> Document:
    """All that there is to say about a run."""
    record = run.record
    styles = styles_of(run.record)
    return Document(
        title=report_of(record).title(record, styles),
        facts=(
            run_line(record),
            fact_line(machine_fact(record)),
            fact_line(placement_fact(record)),
        ),
        sections=sections(run),
        styles=styles,
    )
