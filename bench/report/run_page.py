"""The page of one run."""

from bench.report.facts import load_words, machine_line, state_line
from bench.report.html.document import Document
from bench.report.material import Material
from bench.report.sections import sections


def run_document(material: Material) -> Document:
    """The page of a run, whatever it measured and however it ended."""
    record = material.record
    labels = ", ".join(look.label for look in material.looks.values())
    return Document(
        title=f"{labels}: run {record.run_id}",
        facts=(
            f"{record.state.capitalize()}. {', '.join(record.plan.workloads)}; "
            f"{load_words(record.plan)}; started {record.started_at}.",
            machine_line(record),
            state_line(record),
        ),
        sections=sections(material),
        targets=record.plan.targets,
    )
