"""What this machine cannot test: told in one line, or failed where CI has all that it takes.

A test that lacks a tool says `apt install NAMES` in its reason for being skipped; one that lacks
anything else that CI's machine has begins its reason with NEEDED. Any other reason means that the
test does not apply (one for root, called by a user).
"""

import os
import re
from collections import Counter
from collections.abc import Iterable

import pytest

NEEDED = "not possible here:"

_INSTALLED = re.compile(r"apt install ([\w.+ -]+)")


def is_lacking(reason: str) -> bool:
    """Whether a test was skipped that runs where everything is there."""
    return reason.startswith(NEEDED) or _INSTALLED.search(reason) is not None


def what_is_lacking(reasons: Iterable[str]) -> str:
    """One line: how many tests of those skipped could run elsewhere, and what that takes.

    Empty when nothing is lacking.
    """
    lacking = list(filter(is_lacking, reasons))
    if not lacking:
        return ""
    installed = [found[1] for found in map(_INSTALLED.search, lacking) if found]
    packages = sorted({name for names in installed for name in names.split()})
    others = Counter(
        reason.removeprefix(NEEDED).strip() for reason in lacking if not _INSTALLED.search(reason)
    )
    parts = [f"{number} x {why}" for why, number in others.items()]
    if packages:
        wanted = " ".join(packages)
        parts.insert(0, f"{len(installed)} for want of tools (Debian: apt install {wanted})")
    return f"NOT TESTED HERE: {len(lacking)} tests: {'; '.join(parts)}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    """ONECORE_SKIP_NOTHING=1: a test that lacks something fails."""
    report = yield
    if report.skipped and os.environ.get("ONECORE_SKIP_NOTHING") and call.excinfo is not None:
        reason = str(call.excinfo.value)
        if is_lacking(reason):
            report.outcome = "failed"
            report.longrepr = f"{item.nodeid} may not be skipped (ONECORE_SKIP_NOTHING): {reason}"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The line, just above pytest's own last one."""
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = [report.longrepr[2].removeprefix("Skipped: ") for report in skipped]
    if line := what_is_lacking(reasons):
        terminalreporter.write_line(line, yellow=True)
