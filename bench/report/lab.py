"""The lab judged, as tables: its self-test, its ceiling, its bias, and how its runs agree."""

from collections.abc import Sequence

from bench.analysis.agreement import RunsAgreement
from bench.analysis.bias import Bias
from bench.analysis.measures import Measure
from bench.analysis.selftest import QUIET_SHARE, SelftestCheck
from bench.load.ceiling import Ceiling
from bench.model import Verdict
from bench.report.document import Table
from bench.report.words import better_or_worse
from bench.words import interval_words


def selftest_table(checks: Sequence[SelftestCheck]) -> Table:
    """A row for each check of the self-test: seen, expected, outcome."""
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


def ceiling_table(ceiling: Ceiling) -> Table:
    """Rate and CPU per request of both clients, and how many times the requests per CPU second."""
    rows = []
    for ours, theirs in zip(ceiling.generator, ceiling.fasthttp, strict=True):
        rows.append(
            (
                ours.operation,
                f"{ours.rate_per_s:,.0f}",
                f"{ours.cpu_us_per_request:,.0f}",
                f"{theirs.rate_per_s:,.0f}",
                f"{theirs.cpu_us_per_request:,.0f}",
                f"{ceiling.advantage(ours.operation):.1f} x",
            )
        )
    return Table(
        title="Ceiling of the load generator",
        columns=(
            *("operation", "requests/s", "CPU us/request"),
            *("FastHttpUser requests/s", "its CPU us/request", "requests per CPU s"),
        ),
        rows=tuple(rows),
        numeric=(False, *([True] * 5)),
        caption=(
            "Closed loop, 20 connections, against a server with nothing behind it; medians over "
            "turns. The last column: the generator's requests per CPU second, FastHttpUser's = 1."
        ),
    )


def bias_table(found: Sequence[Bias]) -> Table:
    """A line for each pair of targets."""
    return Table(
        title="Turns against windows",
        columns=("operation", "figure", "comparison", "in turns", "in windows", "turns / windows"),
        rows=tuple(
            (
                bias.workload,
                bias.metric.title,
                f"{bias.subject} / {bias.reference}",
                interval_words(bias.in_turns),
                interval_words(bias.in_windows),
                interval_words(bias.bias),
            )
            for bias in found
        ),
        numeric=(False, False, False, True, True, True),
        caption="The last column is the ratio of the two before it, repetition by repetition.",
    )


def agreement_table(found: RunsAgreement) -> Table:
    """How often intervals held another run's mean, and how often verdicts contradicted."""
    kinds = ", ".join(f"{count} {kind}" for kind, count in found.kinds.items())
    held = (
        ("95 % intervals that held the other runs' mean", found.held_plain),
        ("the same, allowing for that mean's own error", found.held_allowing),
        ("intervals of the verdict table that held it", found.held_by_verdicts),
    )
    return Table(
        title=f"How {found.runs} runs agree",
        columns=("what", "count", "share"),
        rows=(
            ("verdicts", kinds, ""),
            ("comparisons on which two runs contradict each other", str(found.contradictions), ""),
            *(
                (name, f"{count} of {found.compared}", f"{count / found.compared:.0%}")
                for name, count in held
            ),
        ),
        numeric=(False, True, True),
        caption="Each run's ratio of two frameworks against the mean of all other runs' ratios.",
    )
