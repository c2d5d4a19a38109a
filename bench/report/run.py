"""The report of one run, whatever it measured and however it ended."""

from bench.analysis.stored import StoredRun
from bench.report.document import Document
from bench.report.facts import fact_line, machine_fact, placement_fact, run_line
from bench.report.sections import sections
from bench.report.style import styles_of
from bench.words import and_list


def run_document(run: StoredRun) -> Document:
    """All that there is to say about a run."""
    record = run.record
    styles = styles_of(run)
    labels = and_list([style.label for style in styles.values()])
    return Document(
        title=f"{labels} under load",
        facts=(
            run_line(record),
            fact_line(machine_fact(record)),
            fact_line(placement_fact(record)),
        ),
        sections=sections(run),
        styles=styles,
    )
