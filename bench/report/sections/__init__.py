"""The sections of a run's page: pure functions from a run to a section, listed once, in order.

A section that has nothing to say about a run is None and leaves no trace. To add one, write a
module with one function and put it into the list.
"""

from collections.abc import Callable

from bench.analysis.stored import StoredRun
from bench.report.document import Section
from bench.report.sections.answer import answer
from bench.report.sections.cost import cost
from bench.report.sections.equality import equality
from bench.report.sections.figures import figures
from bench.report.sections.latency import latency
from bench.report.sections.modes import modes
from bench.report.sections.over_time import over_time
from bench.report.sections.provenance import provenance
from bench.report.sections.studies.ab import before_and_after
from bench.report.sections.studies.crosscheck import crosscheck
from bench.report.sections.studies.explain import explain
from bench.report.sections.studies.inside import inside
from bench.report.sections.studies.saturation import saturation
from bench.report.sections.studies.scalability import scalability
from bench.report.sections.throughput import throughput
from bench.report.sections.users import users
from bench.report.sections.verdicts import verdict_matrix

SECTIONS: tuple[Callable[[StoredRun], Section | None], ...] = (
    before_and_after,
    answer,
    explain,
    inside,
    throughput,
    verdict_matrix,
    modes,
    scalability,
    saturation,
    users,
    crosscheck,
    cost,
    latency,
    over_time,
    equality,
    figures,
    provenance,
)


def sections(run: StoredRun) -> tuple[Section, ...]:
    """What there is to say about this run."""
    return tuple(found for section in SECTIONS if (found := section(run)))
