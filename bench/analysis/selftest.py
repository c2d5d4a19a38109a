"""What was seen against what must be seen. Pure: every figure comes in, a judgement goes out.

Each check can fail, and says in figures what it saw and what it had to see.
"""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from bench import histogram
from bench.errors import GeneratorFailed
from bench.model import LoadResult, Verdict
from bench.stats.stalling import StallingServer
from bench.words import interval_words, plain


@dataclass(frozen=True)
class SelftestCheck:
    """One thing that the lab must get right."""

    name: str
    passed: bool
    seen: str
    expected: str


# --- comparisons ------------------------------------------------------------------------------


def judge_identical(verdict: Verdict) -> SelftestCheck:
    """The same service twice must come out as the same."""
    return SelftestCheck(
        "A/A: a service and its twin",
        verdict.kind == "indistinguishable",
        _told(verdict),
        f"indistinguishable at {verdict.threshold:.0%}",
    )


def judge_planted(verdict: Verdict, share: float) -> SelftestCheck:
    """The one that costs `share` more CPU per request must come out as slower."""
    return SelftestCheck(
        f"planted {share:.0%} more CPU per request",
        verdict.kind == "slower",
        _told(verdict),
        f"slower at {verdict.threshold:.0%} (by its CPU: {plain(1 / (1 + share))})",
    )


def _told(verdict: Verdict) -> str:
    if verdict.ratio is None:
        is_told = verdict.causes == (verdict.kind,)
        return verdict.reason if is_told else f"{verdict.kind}: {verdict.reason}"
    return f"{verdict.kind}: {interval_words(verdict.ratio)}, n={verdict.ratio.n}"


# --- the generator ----------------------------------------------------------------------------

OVERHEAD_S = 0.00075
"""What may come on top of the service time: two wake-ups, the loopback, and parsing. That takes
0.3 ms, and up to 0.5 ms on a core that idles at half its speed. The service time is what the server
itself counted: on a core that the hypervisor lends to others, even 5 ms are longer at times."""

TAIL_TOLERANCE = 0.05
OMITTED_SHARE = 0.1
"""A closed loop must show less than this share of what an open loop shows at the same p95. Not at
p99: so many of its requests meet a stall that a little noise would carry p99 into it."""

LATE_P50_S = 0.0001
LATE_P99_S = 0.001

QUIET_SHARE = 0.02
"""A core that others (or the hypervisor) used for more than this is no idle core."""


@dataclass(frozen=True)
class Latencies:
    """What one window showed, and what an answer has taken in the server by its own clock."""

    served_p50_s: float
    p50_s: float
    p95_s: float
    p99_s: float
    max_s: float


@dataclass(frozen=True)
class Sending:
    """How late one window's requests were sent, and what else was on the sender's core.

    `foreign_share` is CPU time of processes outside the lab, `steal_share` what the hypervisor
    took, both of one core.
    """

    p50_s: float
    p99_s: float
    foreign_share: float
    steal_share: float


def latencies(result: LoadResult, served_p50_s: float) -> Latencies:
    """The figures of a window. Raises GeneratorFailed when no request succeeded."""
    whole = histogram.merge(result.latency.values())
    if not whole.count:
        raise GeneratorFailed(
            f"no request to a server of the lab's own succeeded: {dict(result.failures)}",
            "Nothing can be told of the generator then. Try again, and report it if it stays.",
        )
    p50_s, p95_s, p99_s = histogram.quantiles_s(whole, (50, 95, 99))
    return Latencies(served_p50_s, p50_s, p95_s, p99_s, whole.max_s)


def median_latencies(windows: Sequence[Latencies]) -> Latencies:
    """Each figure's median over the windows.

    One disturbed window proves nothing against the generator, and the best one could hide a fault
    that comes and goes: the median needs most windows to agree.
    """
    return Latencies(
        served_p50_s=statistics.median(window.served_p50_s for window in windows),
        p50_s=statistics.median(window.p50_s for window in windows),
        p95_s=statistics.median(window.p95_s for window in windows),
        p99_s=statistics.median(window.p99_s for window in windows),
        max_s=statistics.median(window.max_s for window in windows),
    )


def judge_constant(pacing: str, delay_s: float, windows: Sequence[Latencies]) -> SelftestCheck:
    """A server that needs `delay_s` for every request, in either pacing."""
    name = f"constant {_ms(delay_s, 0)}, {pacing} loop: p50"
    return _median_is(name, delay_s, median_latencies(windows))


def _median_is(name: str, delay_s: float, seen: Latencies) -> SelftestCheck:
    return _between(name, seen.p50_s, delay_s, seen.served_p50_s + OVERHEAD_S)


def judge_stall_open(
    server: StallingServer, windows: Sequence[Latencies]
) -> tuple[SelftestCheck, ...]:
    """A server that stands still now and then: an open loop must show all who waited."""
    seen, name = median_latencies(windows), "stalls, open loop"
    return (
        _median_is(f"{name}: p50", server.open_loop_quantile_s(0.50), seen),
        _near(f"{name}: p95", seen.p95_s, server.open_loop_quantile_s(0.95)),
        _near(f"{name}: p99", seen.p99_s, server.open_loop_quantile_s(0.99)),
    )


def judge_stall_closed(
    server: StallingServer, windows: Sequence[Latencies], open_p95_s: float
) -> tuple[SelftestCheck, ...]:
    """The same server in a closed loop: true service times, and a queue that cannot be seen.

    Had the stalls not been there, the second check would prove nothing: hence the third.
    """
    seen, name = median_latencies(windows), "stalls, closed loop"
    limit_s = OMITTED_SHARE * server.open_loop_quantile_s(0.95)
    return (
        _median_is(f"{name}: p50", server.delay_s, seen),
        SelftestCheck(
            f"{name}: p95",
            server.delay_s <= seen.p95_s <= limit_s,
            f"{_ms(seen.p95_s)} (open loop: {_ms(open_p95_s)})",
            f"below {_ms(limit_s)}: no queue",
        ),
        SelftestCheck(
            f"{name}: slowest",
            seen.max_s >= (1 - TAIL_TOLERANCE) * server.stall_s,
            _ms(seen.max_s),
            f"{_ms((1 - TAIL_TOLERANCE) * server.stall_s)} or more: a stall",
        ),
    )


def judge_sending(rate_per_s: float, windows: Sequence[Sending]) -> tuple[SelftestCheck, ...]:
    """The sender's own lateness.

    Half of all requests must leave in time whatever else the machine does. The tail is a promise
    for an idle core: beyond its limit it is held against the generator unless the core was seen
    not to be idle, and the figures say so.
    """
    p50_s = statistics.median(window.p50_s for window in windows)
    p99_s = statistics.median(window.p99_s for window in windows)
    foreign = statistics.median(window.foreign_share for window in windows)
    steal = statistics.median(window.steal_share for window in windows)
    name = f"sent late, at {rate_per_s:,.0f}/s"
    return (
        SelftestCheck(
            f"{name}: p50", p50_s < LATE_P50_S, _ms(p50_s, 3), f"below {_ms(LATE_P50_S, 3)}"
        ),
        SelftestCheck(
            f"{name}: p99",
            p99_s < LATE_P99_S or foreign + steal > QUIET_SHARE,
            f"{_ms(p99_s, 3)} ({foreign:.0%} foreign, {steal:.0%} stolen)",
            f"below {_ms(LATE_P99_S, 3)} on an idle core",
        ),
    )


def judge_failures(results: Sequence[LoadResult]) -> SelftestCheck:
    """A server that is always right: whatever failed or was left unsent is the generator's."""
    lost = sum(result.failed for result in results)
    lost += sum(result.lateness.unsent for result in results if result.lateness)
    sent = sum(result.succeeded for result in results)
    return SelftestCheck(
        "every request sent and answered",
        lost == 0 and sent > 0,
        f"{lost:,} failed or unsent, {sent:,} answered",
        "none failed or unsent",
    )


def _near(name: str, seen_s: float, true_s: float) -> SelftestCheck:
    inside = abs(seen_s / true_s - 1) <= TAIL_TOLERANCE
    return SelftestCheck(name, inside, _ms(seen_s), f"{_ms(true_s)} ±{TAIL_TOLERANCE:.0%}")


def _between(name: str, seen_s: float, low_s: float, high_s: float) -> SelftestCheck:
    inside = low_s <= seen_s <= high_s
    return SelftestCheck(name, inside, _ms(seen_s), f"{_ms(low_s)} to {_ms(high_s)}")


def _ms(seconds: float, decimals: int = 2) -> str:
    return f"{seconds * 1e3:.{decimals}f} ms"


# --- CPU accounting ---------------------------------------------------------------------------

CPU_TOLERANCE = 0.01


def judge_accounting(burnt_s: float, counted_s: float, tick_s: float) -> SelftestCheck:
    """Processes that burnt a known amount of CPU. Ended children are counted in whole ticks."""
    tolerance_s = CPU_TOLERANCE * burnt_s + tick_s
    return SelftestCheck(
        "CPU accounting",
        burnt_s > 0 and abs(counted_s - burnt_s) <= tolerance_s,
        f"{counted_s:.3f} s of {burnt_s:.3f} s burnt",
        f"±{CPU_TOLERANCE:.0%} and one tick of {_ms(tick_s, 0)}",
    )
