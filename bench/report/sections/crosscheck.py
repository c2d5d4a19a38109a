"""Whether two generators agree about the same service."""

from bench.analysis.stored import StoredRun
from bench.analysis.studies.crosscheck import agreements
from bench.model import Crosscheck
from bench.report.crosscheck import crosscheck_table, outcome_words
from bench.report.html.document import Section, Sheet


def crosscheck(run: StoredRun) -> Section | None:
    """Every figure from both. None where nothing was checked."""
    if not isinstance(run.record.plan.study, Crosscheck):
        return None
    found = agreements(run.record)
    return Section(
        "crosscheck", "Crosscheck", (Sheet(crosscheck_table(found)),), outcome_words(found)
    )
