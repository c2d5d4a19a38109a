"""The report of one run, whatever it measured and however it ended."""

from bench.analysis.stored import StoredRun
from bench.model import Explain, RunRecord
from bench.report.document import Document
from bench.report.facts import fact_line, machine_fact, placement_fact, run_line
from bench.report.sections import sections
from bench.report.style import Styles, styles_of
from bench.words import and_list

_MOST_NAMED = 4


def run_document(run: StoredRun) -> Document:
    """All that there is to say about a run."""
    record = run.record
    styles = styles_of(run)
    return Document(
        title=_title(record, styles),
        facts=(
            run_line(record),
            fact_line(machine_fact(record)),
            fact_line(placement_fact(record)),
        ),
        sections=sections(run),
        styles=styles,
    )


def _title(record: RunRecord, styles: Styles) -> str:
    """Names the targets, or where they are many the frameworks that they are of."""
    if isinstance(record.plan.study, Explain):
        frameworks = dict.fromkeys(ladder.framework for ladder in record.plan.study.ladders)
        names = and_list([styles[name].label for name in frameworks])
        return f"{names}: where a request's time goes"
    if len(styles) <= _MOST_NAMED:
        return f"{and_list([style.label for style in styles.values()])} under load"
    labels: dict[str, str] = {}
    for name in styles:
        target = record.target(name)
        labels.setdefault(target.framework, target.label)
    return f"{len(styles)} targets of {and_list(list(labels.values()))} under load"
