"""How an open loop kept its own schedule: what its latencies hold of the generator itself."""

from bench.analysis.series import Series, series
from bench.metrics import METRICS
from bench.model import RunRecord
from bench.report.tables import Table

_FIGURES = ("late_p50", "late_p99", "late_max", "late", "unsent")


def sending_table(record: RunRecord) -> Table | None:
    """How late requests were sent, and how many were not. None where nothing had a schedule."""
    found = tuple(
        one
        for one in series(record)
        if any(window.load.lateness is not None for window in one.windows)
    )
    if not found:
        return None
    return Table(
        title="Sending",
        columns=(
            *("operation", "framework", "late p50 ms", "late p99 ms", "late max ms"),
            *("late", "unsent"),
        ),
        rows=tuple(map(_row, found)),
        numeric=(False, False, *([True] * len(_FIGURES))),
        caption=(
            "How far the generator was behind its own schedule, over all rounds: latencies hold "
            "that too. Late: requests sent more than 1 ms after they were due. Unsent: due and "
            "never sent."
        ),
    )


def _row(one: Series) -> tuple[str, ...]:
    figures = (METRICS[name] for name in _FIGURES)
    return (one.title, one.target, *(each.format(each.value(one.windows)) for each in figures))
