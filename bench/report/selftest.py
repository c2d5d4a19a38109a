"""The self-test as a table."""

from collections.abc import Sequence

from bench.analysis.measures import Measure
from bench.analysis.selftest import QUIET_SHARE, SelftestCheck
from bench.model import Verdict
from bench.report.document import Table
from bench.report.words import better_or_worse
from bench.words import interval_words


def selftest_table(checks: Sequence[SelftestCheck]) -> Table:
    return Table(
        title="Self-test",
        columns=("check", "seen", "expected", "outcome"),
        rows=tuple(
            (check.name, check.seen, check.expected, "ok" if check.passed else "FAILED")
            for check in checks
        ),
        numeric=(False, False, False, False),
        caption=(
            "Times are medians of the three windows in which others used the cores least. Ratios "
            "are of requests per CPU second of the app, with their interval and number of rounds. "
            "A core is idle if others "
            f"took at most {QUIET_SHARE:.0%} of it."
        ),
    )


def twin_words(number: int, measure: Measure, verdict: Verdict) -> str:
    """E.g. "3: selftest_b / selftest_a by requests/s 1.01 [0.98, 1.04], inconclusive"."""
    ratio = "without a ratio"
    if verdict.ratio is not None:
        ratio = interval_words(measure.shown(verdict.ratio))
    kind = better_or_worse(verdict.kind, measure)
    sides = f"{verdict.subject} / {verdict.reference}"
    return f"{number}: {sides} by {measure.title} {ratio}, {kind}"
