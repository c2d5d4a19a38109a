"""Whether an open loop offered the load that was asked for, and whether it was answered in time."""

from bench import histogram
from bench.model import LabWarning, Lateness, LoadResult, OpenLoop, Pacing

LATE_P99_S = 0.001
KEPT_SHARE = 0.95
LYING_SHARE = 0.5

_COMPARED = (99.0, 95.0, 90.0, 50.0)


def open_loop_off(load: LoadResult, pacing: Pacing) -> tuple[LabWarning, ...]:
    """Doubts about the generator's own schedule, and about a target that fell behind it."""
    if not isinstance(pacing, OpenLoop) or load.lateness is None:
        return ()
    lateness = load.lateness
    behind = () if lateness.unsent else _behind(load, lateness)
    return (*_unsent(lateness), *behind, *_late(load, lateness))


def _unsent(lateness: Lateness) -> tuple[LabWarning, ...]:
    if not lateness.unsent:
        return ()
    return (
        LabWarning(
            "unsent",
            f"requests that were due and could not be sent: {lateness.unsent}",
            "The target does not keep up with this rate: lower RATE.",
            "invalid",
        ),
    )


def _behind(load: LoadResult, lateness: Lateness) -> tuple[LabWarning, ...]:
    """Whether answers came at a lower rate than the requests had come.

    All that was sent is answered in the end, so the two rates differ by the time that each took.
    What was asked for is no measure: so many requests come by chance in a window of irregular
    arrivals. The last answer may take as long as the fastest did, without any queue before it.
    """
    times = [each.min_s for each in load.latency.values() if each.count]
    if lateness.due_s is None or not times:
        return ()
    if load.duration_s - min(times) <= lateness.due_s / KEPT_SHARE:
        return ()
    return (
        LabWarning(
            "behind",
            f"the requests of {lateness.due_s:.2f} s took {load.duration_s:.2f} s to answer",
            "The queue was still growing when the window ended: lower RATE.",
        ),
    )


def _late(load: LoadResult, lateness: Lateness) -> tuple[LabWarning, ...]:
    if lateness.p99_s is None or lateness.p99_s <= LATE_P99_S:
        return ()
    return (
        LabWarning(
            "late-sending",
            f"the generator sent {lateness.p99_s * 1e3:.1f} ms late at p99",
            "Latencies hold that error too: give the generator a core of its own.",
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
    told = next((each for each in _COMPARED if histogram.tellable(fewest, each)), None)
    if told is None:
        return False
    late_s, latency_s = (
        histogram.quantiles_s(one, (told,))[0] for one in (lateness.times, latency)
    )
    return late_s > LYING_SHARE * latency_s
