"""How much is the framework's doing, and how much that of the way it is used."""

from collections.abc import Iterator, Mapping

from bench.analysis.judging import PhaseVerdict
from bench.analysis.measures import COST, RATE, Measure
from bench.analysis.series import Series, series
from bench.analysis.stored import StoredRun
from bench.analysis.verdicts import ratios
from bench.metrics import METRICS
from bench.model import RunRecord, TargetRecord, Verdict
from bench.report.document import Section, Sheet, Table
from bench.report.words import forbidden_words, marked
from bench.words import NO_FIGURE, interval_words

_MODES = ("engine", "tuned", "standard")
"""From the floor up: each does what the one before it does, and more."""


def modes(run: StoredRun) -> Section | None:
    """The modes of each framework side by side. None where there is one mode, and for a study."""
    table = modes_table(run.record) if run.series else None
    if table is None:
        return None
    lead = "What tuning buys stands beside what another framework would."
    return Section("modes", table.title, (Sheet(table),), lead)


def modes_table(record: RunRecord) -> Table | None:
    """Each framework's targets from the floor up, with what sets them apart from its standard one.

    None where all targets are used in the same way.
    """
    known = {name: record.target(name) for name in record.plan.targets}
    if len({target.mode for target in known.values()}) < 2:
        return None
    found, compared = series(record), _by_target(record, ratios(record))
    ordered = sorted(found, key=lambda target_series: _place(record, known, target_series))
    return Table(
        title="The framework or the way it is used?",
        columns=(
            *("operation", "target", "mode", "RPS", "app us"),
            *("rate, to its standard", "CPU, to its standard"),
        ),
        rows=tuple(
            (
                comparison.title,
                marked(comparison),
                known[comparison.target].mode,
                *_figures(comparison),
                *(
                    _ratio(
                        compared.get((measure.metric.name, comparison.title, comparison.target)),
                        measure,
                    )
                    for measure in (RATE, COST)
                ),
            )
            for comparison in ordered
        ),
        numeric=(False, False, False, *([True] * 4)),
        caption=(
            "From the floor up: an engine has neither framework nor ORM, a tuned target is what an "
            "expert makes of the framework, a standard one what its documentation teaches. Ratios "
            "are within rounds, with their plain 95 % interval." + forbidden_words(found)
        ),
    )


def _place(
    record: RunRecord, known: Mapping[str, TargetRecord], target_series: Series
) -> tuple[int, str, int, int]:
    """Operation by operation, framework by framework, engines first."""
    target = known[target_series.target]
    operation = record.plan.workloads.index(target_series.workload)
    is_engine = target.mode == "engine"
    return (
        operation,
        target_series.title,
        -1 if is_engine else record.plan.targets.index(_first_of(record, known, target)),
        _MODES.index(target.mode),
    )


def _first_of(record: RunRecord, known: Mapping[str, TargetRecord], target: TargetRecord) -> str:
    """The first of the run's targets that is of the same framework."""
    return next(name for name in record.plan.targets if known[name].framework == target.framework)


def _figures(target_series: Series) -> Iterator[str]:
    for name in ("rate", "app_cost"):
        metric = METRICS[name]
        yield (
            metric.format_interval(metric.estimate(target_series.usable))
            if target_series.windows
            else NO_FIGURE
        )


def _by_target(
    record: RunRecord, found: tuple[PhaseVerdict, ...]
) -> Mapping[tuple[str, str, str], PhaseVerdict]:
    """Ratios by measure, operation and subject: those of a framework's targets to its standard."""
    return {
        (comparison.measure.metric.name, comparison.title, comparison.verdict.subject): comparison
        for comparison in found
        if _is_to_its_standard(record, comparison.verdict)
    }


def _is_to_its_standard(record: RunRecord, verdict: Verdict) -> bool:
    """A framework's name may begin with another's: what a target is of stands in the record."""
    subject, reference = record.target(verdict.subject), record.target(verdict.reference)
    return subject.framework == reference.framework == reference.name


def _ratio(comparison: PhaseVerdict | None, measure: Measure) -> str:
    if comparison is None or comparison.verdict.ratio is None:
        return NO_FIGURE
    return interval_words(measure.shown(comparison.verdict.ratio))
