"""Whether targets compare in turns as they do in windows, as a table."""

from collections.abc import Sequence

from bench.analysis.bias import Bias
from bench.report.document import Table
from bench.words import interval_words


def bias_table(found: Sequence[Bias]) -> Table:
    """A line for each pair of targets."""
    return Table(
        title="Turns against windows",
        columns=("operation", "figure", "comparison", "in turns", "in windows", "turns / windows"),
        rows=tuple(
            (
                one.workload,
                one.metric.title,
                f"{one.subject} / {one.reference}",
                interval_words(one.in_turns),
                interval_words(one.in_windows),
                interval_words(one.bias),
            )
            for one in found
        ),
        numeric=(False, False, False, True, True, True),
        caption="The last column is the ratio of the two before it, repetition by repetition.",
    )
