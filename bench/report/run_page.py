"""The page of one run."""

from bench.report.facts import load_words, machine_line
from bench.report.html.document import Document
from bench.report.material import Material
from bench.report.sections import sections
from bench.report.words import and_list


def run_document(material: Material) -> Document:
    """The page of a run, whatever it measured and however it ended."""
    record = material.record
    labels = and_list([look.label for look in material.looks.values()])
    return Document(
        title=f"{labels} under load",
        facts=(
            f"Run {record.run_id}, {record.state}: {', '.join(record.plan.workloads)}; "
            f"{load_words(record.plan)}; profile {record.plan.profile}, seed {record.plan.seed}.",
            machine_line(record),
        ),
        sections=sections(material),
        targets=record.plan.targets,
    )
