"""Whether an open loop offered the load that was asked for."""

from bench import histogram
from bench.model import LabWarning, Lateness, LoadResult, OpenLoop, Pacing

LATE_P99_S = 0.001
KEPT_SHARE = 0.95
LYING_SHARE = 0.5


def open_loop_off(load: LoadResult, pacing: Pacing) -> tuple[LabWarning, ...]:
    """Doubts about the generator's own schedule, and about a target that fell behind it."""
    if not isinstance(pacing, OpenLoop) or load.lateness is None:
        return ()
    found = []
    if load.lateness.unsent:
        found.append(
            LabWarning(
                "unsent",
                f"requests that were due and could not be sent: {load.lateness.unsent}",
                "The target does not keep up with this rate: lower RATE.",
                "invalid",
            )
        )
    elif load.rate_per_s + load.failed / load.duration_s < KEPT_SHARE * pacing.rate_per_s:
        found.append(
            LabWarning(
                "behind",
                f"{load.rate_per_s:.0f} of {pacing.rate_per_s:g} requests/s were answered in time",
                "The queue was still growing when the window ended: lower RATE.",
            )
        )
    if load.lateness.p99_s > LATE_P99_S:
        found.append(
            LabWarning(
                "late-sending",
                f"the generator sent {load.lateness.p99_s * 1e3:.1f} ms late at p99",
                "Latencies hold that error too: give the generator a core of its own.",
                "invalid" if _is_mostly_lateness(load, load.lateness) else "doubt",
            )
        )
    return tuple(found)


def _is_mostly_lateness(load: LoadResult, lateness: Lateness) -> bool:
    """Whether the generator's own delay is the greater part of the latency that it reports."""
    p99_s = histogram.percentiles(histogram.merge(load.latency.values()), (99,))[99]
    return p99_s is not None and lateness.p99_s > LYING_SHARE * p99_s
