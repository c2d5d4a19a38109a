"""Whether a window's own numbers can carry a figure: each a tuple, mostly empty."""

from bench.model import Diagnostic, LoadResult, Pacing, WarmUp
from bench.stats.littles_law import littles_law_deviation

LITTLES_LAW_SHARE = 0.05
FEWEST_SAMPLES = 100
"""Per operation. Below it even the mean of a steady service is a matter of luck."""


def littles_law_off(load: LoadResult, pacing: Pacing) -> tuple[Diagnostic, ...]:
    """Whether connections, rate and service time of a closed loop contradict each other.

    At the end of a window connections fall idle one by one while the last answers come in: up to
    one service time of the window may be missing for that reason, and is allowed for. A turn is
    counted while all are busy, and it is known for how long requests were in flight. With
    failures the law cannot be checked: their time is not known; they make the window invalid
    anyway.
    """
    if pacing.in_flight is None or load.failed or not load.succeeded:
        return ()
    times = load.latency.values()
    mean_s = (
        sum(distribution.mean_s * distribution.count for distribution in times) / load.succeeded
    )
    if load.in_flight_s is not None:
        mean_s, ending_s = load.in_flight_s / load.requests_served, 0.0
    else:
        ending_s = mean_s if load.sending_s is None else load.duration_s - load.sending_s
    off = littles_law_deviation(pacing.in_flight, load.rate_per_s, mean_s)
    if -LITTLES_LAW_SHARE - ending_s / load.duration_s <= off <= LITTLES_LAW_SHARE:
        return ()
    busy = load.rate_per_s * mean_s
    return (
        Diagnostic(
            "littles-law",
            f"rate x service time says {busy:.1f} requests in flight, not {pacing.in_flight}",
            "The generator was slow to send: give it a core of its own, or lower CONCURRENCY."
            if off < 0
            else "The generator's times overlap: its clock or its counting is wrong. Report it.",
            "doubt" if off < 0 else "invalid",
        ),
    )


def too_few_samples(load: LoadResult, longer: str) -> tuple[Diagnostic, ...]:
    """Whether some operation was answered too seldom. A window without any answer is invalid.

    `longer` is the remedy: how such windows get more requests.
    """
    if not load.succeeded:
        return (Diagnostic("no-samples", "no request succeeded", longer, "invalid"),)
    few = {
        name: distribution.count
        for name, distribution in load.latency.items()
        if distribution.count < FEWEST_SAMPLES
    }
    if not few:
        return ()
    told = ", ".join(f"{count} of {name}" for name, count in few.items())
    return (Diagnostic("few-samples", f"few requests were measured: {told}", longer),)


def ran_out(load: LoadResult) -> tuple[Diagnostic, ...]:
    """Whether the window ended early because its rows were used up."""
    if not load.ran_out:
        return ()
    return (
        Diagnostic(
            "ran-out",
            f"after {load.duration_s:.2f} s the window had used up the rows that it may ask for "
            "once, and ended",
            "The figure holds for the time before. Creates that fail leave too few rows; else "
            "report it: the lab loads more rows than its generator can ask for.",
        ),
    )


def unsteady_warm_up(warm_up: WarmUp | None) -> tuple[Diagnostic, ...]:
    """Whether the window began before the rate had settled. A cell without warm-up has none."""
    if warm_up is None or warm_up.steady:
        return ()
    return (
        Diagnostic(
            "unsteady-warm-up",
            f"the rate had not settled after {warm_up.duration_s:.1f} s of warm-up",
            "The window may still hold some of it: PROFILE=standard warms up for longer.",
        ),
    )
