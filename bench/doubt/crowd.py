"""Whether the processes behind a crowd of users kept up: each a tuple of warnings, mostly empty."""

from bench.model import Crowd, LabWarning, LoadResult, LocustWorker

WORKER_BUSY_SHARE = 0.90
"""Locust's own threshold: above it response times hold the wait for the worker itself."""


def crowd_off(load: LoadResult) -> tuple[LabWarning, ...]:
    """Doubts about a window with users; none for a window without."""
    crowd = load.crowd
    if crowd is None:
        return ()
    return (*_busy(crowd), *_lost(crowd), *_gone(crowd))


def _busy(crowd: Crowd) -> tuple[LabWarning, ...]:
    busy = {
        one.name: one.busiest_share
        for one in crowd.workers
        if one.busiest_share is not None and one.busiest_share > WORKER_BUSY_SHARE
    }
    if not busy:
        return ()
    told = ", ".join(f"{name} used {share:.0%}" for name, share in busy.items())
    return (
        LabWarning(
            "client-bound",
            f"of its core, {told} in its busiest ten seconds",
            "The figure may be Locust's: use more WORKERS, each with a core, or fewer USERS.",
        ),
    )


def _lost(crowd: Crowd) -> tuple[LabWarning, ...]:
    lost = [one for one in crowd.workers if one.lost_at_s is not None]
    if not lost:
        return ()
    told = ", ".join(map(_when_lost, lost))
    everyone = len(lost) == len(crowd.workers)
    return (
        LabWarning(
            "worker-lost",
            f"Locust lost {told}; what they sent in their last 3 s is not counted",
            "The window ended with the last of them: see Locust's log, and measure again."
            if everyone
            else "The others took over their users: look at the rate over time, and at their log.",
            "invalid" if everyone else "doubt",
        ),
    )


def _when_lost(worker: LocustWorker) -> str:
    return f"{worker.name} (pid {worker.pid}) {worker.lost_at_s:.0f} s after the start"


def _gone(crowd: Crowd) -> tuple[LabWarning, ...]:
    if not crowd.gone:
        return ()
    return (
        LabWarning(
            "gone",
            f"{crowd.gone} items that users had created were answered with 404",
            "Only another client may have deleted them: stop it, or look for lost writes.",
        ),
    )
