"""The page of one run."""

from bench.analysis.stored import StoredRun
from bench.report.facts import load_words, machine_line
from bench.report.html.document import Document
from bench.report.look import looks_of
from bench.report.sections import sections
from bench.words import and_list


def run_document(run: StoredRun) -> Document:
    """The page of a run, whatever it measured and however it ended."""
    record = run.record
    labels = and_list([look.label for look in looks_of(run).values()])
    return Document(
        title=f"{labels} under load",
        facts=(
            f"Run {record.run_id}, {record.state}: {', '.join(record.plan.workloads)}; "
            f"{load_words(record.plan)}; profile {record.plan.profile}, seed {record.plan.seed}.",
            machine_line(record),
        ),
        sections=sections(run),
        targets=record.plan.targets,
    )
