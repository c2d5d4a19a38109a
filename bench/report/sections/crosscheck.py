"""Whether two generators agree about the same service."""

from bench.model import Crosscheck
from bench.report.crosscheck import agreements, crosscheck_table, outcome_words
from bench.report.html.document import Section, Sheet
from bench.report.material import Material


def crosscheck(material: Material) -> Section | None:
    """Every figure from both. None where nothing was checked."""
    if not isinstance(material.record.plan.study, Crosscheck):
        return None
    found = agreements(material.record)
    return Section(
        "crosscheck", "Crosscheck", (Sheet(crosscheck_table(found)),), outcome_words(found)
    )
