"""The self-test as a table."""

from collections.abc import Sequence

from bench.analysis.selftest import QUIET_SHARE, SelftestCheck
from bench.report.document import Table


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
            "are of requests/s, with their interval and number of rounds. A core is idle if others "
            f"took at most {QUIET_SHARE:.0%} of it."
        ),
    )
