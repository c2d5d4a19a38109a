"""Whether an open loop offered the load that was asked for, and whether it was answered in time."""

from bench import histogram
from bench.model import Diagnostic, Lateness, LoadResult, Pacing

LATE_P99_S = 0.001
KEPT_SHARE = 0.95
LYING_SHARE = 0.5

_COMPARED = (99.0, 95.0, 90.0, 50.0)


def open_loop_off(load: LoadResult, pacing: Pacing) -> tuple[Diagnostic, ...]:
    """Diagnostics of the generator's own schedule, and about a target that fell behind it.

    Users with a beat are an open loop too.
    """
    if load.lateness is None or pacing.offered_per_s is None:
        return ()
    lateness = load.lateness
    behind = () if lateness.unsent else _behind(load, lateness, pacing)
    return (*_unsent(load, lateness, pacing), *behind, *_late(load, lateness, pacing))


def keeps_up(load: LoadResult, pacing: Pacing) -> bool:
    """Whether as much was asked for as the pacing has, and was answered as fast as it came.

    A closed loop asks for as much as it gets answered, and never does. Users who pause do where
    waiting for answers has not cost them more of their requests than an open loop may be behind.
    """
    if pacing.pause_s:
        answered = load.latency.values()
        in_flight_s = sum(times.count * times.mean_s for times in answered)
        paused_s = sum(times.count for times in answered) * pacing.pause_s
        return paused_s >= KEPT_SHARE * (paused_s + in_flight_s) > 0
    if load.lateness is None or pacing.offered_per_s is None:
        return False
    found = {(diagnostic.code, diagnostic.severity) for diagnostic in open_loop_off(load, pacing)}
    return not found & {("behind", "doubt"), ("unsent", "invalid")}


def _unsent(load: LoadResult, lateness: Lateness, pacing: Pacing) -> tuple[Diagnostic, ...]:
    """The lab's generator leaves out only what a thousand unanswered requests stand before. A user
    whose answer is slow just as the window ends leaves out one: a few of those are a doubt.
    """
    if not lateness.unsent:
        return ()
    due = load.succeeded + load.failed + lateness.unsent
    few = pacing.leaves_some_unsent and lateness.unsent <= (1 - KEPT_SHARE) * due
    return (
        Diagnostic(
            "unsent",
            f"requests that were due and could not be sent: {lateness.unsent}",
            f"The target does not keep up with this rate: {pacing.slower}.",
            "doubt" if few else "invalid",
        ),
    )


def _behind(load: LoadResult, lateness: Lateness, pacing: Pacing) -> tuple[Diagnostic, ...]:
    """Whether answers came at a lower rate than the requests had come.

    All that was sent is answered in the end, so the two rates differ by the time that each took.
    What was asked for is no measure: so many requests come by chance in a window of irregular
    arrivals. The last answer may take as long as the fastest did, without any queue before it.
    """
    times = [distribution.min_s for distribution in load.latency.values() if distribution.count]
    if lateness.due_s is None or not times:
        return ()
    if load.duration_s - min(times) <= lateness.due_s / KEPT_SHARE:
        return ()
    return (
        Diagnostic(
            "behind",
            f"the requests of {lateness.due_s:.2f} s took {load.duration_s:.2f} s to answer",
            f"The queue was still growing when the window ended: {pacing.slower}.",
        ),
    )


def _late(load: LoadResult, lateness: Lateness, pacing: Pacing) -> tuple[Diagnostic, ...]:
    if lateness.p99_s is None or lateness.p99_s <= LATE_P99_S:
        return ()
    return (
        Diagnostic(
            "late-sending",
            f"{pacing.sender} sent {lateness.p99_s * 1e3:.1f} ms late at p99",
            f"Latencies hold that error too: {pacing.in_time}.",
            "invalid" if _is_mostly_lateness(load, lateness) else "doubt",
        ),
    )


def _is_mostly_lateness(load: LoadResult, lateness: Lateness) -> bool:
    """Whether the generator's own delay is the greater part of the latency that it reports.

    Compared at the highest percentile that both have requests enough to tell: in a short window
    that is not p99. Where not even the median can be told, no figure is there to forbid.
    """
    latency = histogram.merge(load.latency.values())
    if lateness.times is None:
        return False
    fewest = min(latency.count, lateness.times.count)
    told = next(
        (percentile for percentile in _COMPARED if histogram.tellable(fewest, percentile)), None
    )
    if told is None:
        return False
    late_s, latency_s = (
        histogram.quantiles_s(distribution, (told,))[0]
        for distribution in (lateness.times, latency)
    )
    return late_s > LYING_SHARE * latency_s
