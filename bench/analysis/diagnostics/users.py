"""Whether the processes behind users kept up: each a tuple, mostly empty."""

from bench.model import Diagnostic, LoadResult, LocustWorker, UsersResult

WORKER_BUSY_SHARE = 0.90
"""Locust's own threshold: above it response times hold the wait for the worker itself."""


OVERRUN_S = 2.0
OVERRUN_SHARE = 0.1
"""A window may last so much longer than asked, whichever is more: answers under way at its end."""


def users_off(load: LoadResult, window_s: float) -> tuple[Diagnostic, ...]:
    """Diagnostics of a window with users that should have lasted `window_s`; else none."""
    users = load.users
    if users is None:
        return ()
    return (*_busy(users), *_lost(users), *_gone(users), *_clocks(users), *_over(load, window_s))


def _over(load: LoadResult, window_s: float) -> tuple[Diagnostic, ...]:
    if load.duration_s - window_s <= max(OVERRUN_S, OVERRUN_SHARE * window_s):
        return ()
    return (
        Diagnostic(
            "overrun",
            f"the last answer came {load.duration_s:.1f} s after the start of a window of "
            f"{window_s:g} s",
            "The rate is that of the whole time, most of it without load: see Locust's log for "
            "answers that took so long, and use a longer RUN_TIME.",
        ),
    )


def _clocks(users: UsersResult) -> tuple[Diagnostic, ...]:
    off = [worker for worker in users.workers if worker.clock_off_s]
    if not off:
        return ()
    told = ", ".join(f"{worker.name} {worker.clock_off_s:+,.1f} s" for worker in off)
    return (
        Diagnostic(
            "clock-skew",
            f"clocks of Locust's workers are off: {told}",
            "Their times were put right to within a quarter of a second; set the clocks by NTP.",
        ),
    )


def _busy(users: UsersResult) -> tuple[Diagnostic, ...]:
    busy = {
        worker.name: worker.busiest_share
        for worker in users.workers
        if worker.busiest_share is not None and worker.busiest_share > WORKER_BUSY_SHARE
    }
    if not busy:
        return ()
    told = ", ".join(f"{name} used {share:.0%}" for name, share in busy.items())
    return (
        Diagnostic(
            "client-bound",
            f"of its core, {told} in its busiest ten seconds",
            "The figure may be Locust's: use more WORKERS, each with a core, or fewer USERS.",
        ),
    )


def _lost(users: UsersResult) -> tuple[Diagnostic, ...]:
    lost = [worker for worker in users.workers if worker.lost_at_s is not None]
    if not lost:
        return ()
    told = ", ".join(map(_when_lost, lost))
    everyone = len(lost) == len(users.workers)
    return (
        Diagnostic(
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


def _gone(users: UsersResult) -> tuple[Diagnostic, ...]:
    if not users.gone:
        return ()
    return (
        Diagnostic(
            "gone",
            f"{users.gone} items that users had created were answered with 404",
            "Only another client may have deleted them: stop it, or look for lost writes.",
        ),
    )
