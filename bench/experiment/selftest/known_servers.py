"""The load generator against servers with known service times.

The windows last whole periods of the stall, so that it does not matter where in a period they
begin. Every figure is judged by its median over three windows. On a machine that others use, more
are tried, until there are three in which the cores were idle beside the lab. Which three are
judged is decided by what else was on the cores, never by what the generator has seen.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench import host
from bench.analysis.selftest import (
    QUIET_SHARE,
    Latencies,
    SelftestCheck,
    Sending,
    judge_constant,
    judge_failures,
    judge_sending,
    judge_stall_closed,
    judge_stall_open,
    latencies,
    median_latencies,
)
from bench.load.generator import Generator
from bench.load.nullserver import Behaviour, kept_p50_s, running
from bench.model import ClosedLoop, LoadResult, LoadSpec, OpenLoop, Pacing, Placement, Share
from bench.stats.stalling import StallingServer
from bench.supervise.proctree import tree_usage

WINDOWS = 3
TRIES = 12
DELAY_S = 0.005
STALLING = StallingServer(delay_s=DELAY_S, stall_s=0.2, period_s=1.0)
STALL_WINDOW_S = 3 * STALLING.period_s
WINDOW_S = 2.0

OPEN = OpenLoop(500)
CLOSED = ClosedLoop(5)
"""So few connections that the answers of all of them, coming at once, are checked in no time."""

SENDING = OpenLoop(1000)


def check_generator(placement: Placement, say: Callable[[str], None]) -> tuple[SelftestCheck, ...]:
    """The server runs where the app would run, the generator where it always runs."""
    steady, stalling = Behaviour(DELAY_S), Behaviour(DELAY_S, STALLING.stall_s, STALLING.period_s)
    say("The load generator against a server that needs 5 ms for every request ...")
    steady_open = _windows(placement, steady, OPEN, WINDOW_S)
    steady_closed = _windows(placement, steady, CLOSED, WINDOW_S)
    say("... against one that stands still for 200 ms each second besides ...")
    stall_open = _windows(placement, stalling, OPEN, STALL_WINDOW_S)
    stall_closed = _windows(placement, stalling, CLOSED, STALL_WINDOW_S)
    say("... and how late it sends 1,000 requests/s ...")
    sending = _windows(placement, Behaviour(), SENDING, WINDOW_S)
    every = (steady_open, steady_closed, stall_open, stall_closed, sending)
    return (
        judge_constant("open", DELAY_S, _latencies(steady_open)),
        judge_constant("closed", DELAY_S, _latencies(steady_closed)),
        *judge_stall_open(STALLING, _latencies(stall_open)),
        *judge_stall_closed(
            STALLING, _latencies(stall_closed), median_latencies(_latencies(stall_open)).p95_s
        ),
        *judge_sending(
            SENDING.rate_per_s, [_sending(window) for window in least_disturbed(sending)]
        ),
        judge_failures([window.result for windows in every for window in windows]),
    )


@dataclass(frozen=True)
class ObservedWindow:
    """What the generator saw, and what else was on its core and on the server's meanwhile."""

    result: LoadResult
    foreign_share: float
    steal_share: float
    server_steal_share: float
    served_p50_s: float | None = None
    """What a delayed answer has taken in the server, by its own clock."""

    @property
    def disturbed_share(self) -> float:
        """Of the generator's core and the server's: what others had of the one they had more of."""
        return max(self.foreign_share + self.steal_share, self.server_steal_share)


@dataclass(frozen=True)
class _CoreTimes:
    """CPU seconds of the generator's core so far: in use, of that by the lab, and stolen."""

    busy_s: float
    lab_s: float
    steal_s: float


def least_disturbed(windows: Sequence[ObservedWindow]) -> Sequence[ObservedWindow]:
    """The windows in which others used the cores least, best first: `WINDOWS` at most."""
    return sorted(windows, key=lambda window: window.disturbed_share)[:WINDOWS]


def are_enough(windows: Sequence[ObservedWindow]) -> bool:
    """Whether enough of them were undisturbed, or there is no hope of it."""
    quiet = sum(window.disturbed_share <= QUIET_SHARE for window in windows)
    return quiet >= WINDOWS or len(windows) >= TRIES


def _windows(
    placement: Placement, behaviour: Behaviour, pacing: Pacing, window_s: float
) -> tuple[ObservedWindow, ...]:
    found: list[ObservedWindow] = []
    with (
        running(placement.app[:1], behaviour) as base_url,
        Generator(placement.generator) as generator,
    ):
        while not are_enough(found):
            shares, number = (Share("ping"),), len(found)
            spec = LoadSpec(base_url, shares, pacing, number, duration_s=window_s)
            found.append(_window(generator, placement, spec))
    return tuple(found)


def _window(generator: Generator, placement: Placement, spec: LoadSpec) -> ObservedWindow:
    cpus, server = placement.generator, placement.app[:1]
    generator.warm_up(spec, min_s=0.3, max_s=0.6)
    generator.prepare(spec)
    kept_p50_s(spec.base_url)  # that of the warm-up is not wanted
    before, server_before = _core(generator, cpus), host.cpu_totals(server)
    generator.go()
    after, server_after = _core(generator, cpus), host.cpu_totals(server)
    result = generator.collect()
    busy_s, lab_s = after.busy_s - before.busy_s, after.lab_s - before.lab_s
    available_s = result.duration_s * len(cpus)
    return ObservedWindow(
        result,
        foreign_share=max(0.0, busy_s - lab_s) / available_s,
        steal_share=(after.steal_s - before.steal_s) / available_s,
        server_steal_share=(server_after.steal_s - server_before.steal_s) / result.duration_s,
        served_p50_s=kept_p50_s(spec.base_url),
    )


def _core(generator: Generator, cpus: tuple[int, ...]) -> _CoreTimes:
    totals = host.cpu_totals(cpus)
    # This process may run there too: its own disturbance is no excuse.
    lab_s = tree_usage(generator.pid).cpu_s + time.process_time()
    return _CoreTimes(totals.busy_s, lab_s, totals.steal_s)


def _latencies(windows: Sequence[ObservedWindow]) -> tuple[Latencies, ...]:
    return tuple(map(_latencies_of, least_disturbed(windows)))


def _latencies_of(window: ObservedWindow) -> Latencies:
    assert window.served_p50_s is not None  # its server delays every answer
    return latencies(window.result, window.served_p50_s)


def _sending(window: ObservedWindow) -> Sending:
    lateness = window.result.lateness
    assert lateness is not None  # an open loop always has it
    assert lateness.p50_s is not None  # what was answered was sent
    assert lateness.p99_s is not None
    return Sending(lateness.p50_s, lateness.p99_s, window.foreign_share, window.steal_share)
