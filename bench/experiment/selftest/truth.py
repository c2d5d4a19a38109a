"""The load generator against servers with known service times.

The windows last whole periods of the stall, so that it does not matter where in a period they
begin. Every figure is judged by its median over three windows.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench import host
from bench.experiment.selftest.checks import (
    Check,
    Latencies,
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
from bench.load.nullserver import Behaviour, running
from bench.load.truth import StallingServer
from bench.model import ClosedLoop, LoadResult, LoadSpec, OpenLoop, Pacing, Placement, Share
from bench.supervise.proctree import tree_usage

WINDOWS = 3
DELAY_S = 0.005
TRUTH = StallingServer(delay_s=DELAY_S, stall_s=0.2, period_s=1.0)
STALL_WINDOW_S = 3 * TRUTH.period_s
WINDOW_S = 2.0

OPEN = OpenLoop(500)
CLOSED = ClosedLoop(5)
"""So few connections that the answers of all of them, coming at once, are checked in no time."""

SENDING = OpenLoop(1000)


def check_generator(placement: Placement, say: Callable[[str], None]) -> tuple[Check, ...]:
    """The server runs where the app would run, the generator where it always runs."""
    steady, stalling = Behaviour(DELAY_S), Behaviour(DELAY_S, TRUTH.stall_s, TRUTH.period_s)
    say("The load generator against a server that needs 5 ms for every request ...")
    steady_open = _windows(placement, steady, OPEN, WINDOW_S)
    steady_closed = _windows(placement, steady, CLOSED, WINDOW_S)
    say("... against one that stands still for 200 ms each second besides ...")
    stall_open = _windows(placement, stalling, OPEN, STALL_WINDOW_S)
    stall_closed = _windows(placement, stalling, CLOSED, STALL_WINDOW_S)
    say("... and how late it sends 1,000 requests/s ...")
    sending = _windows(placement, Behaviour(), SENDING, WINDOW_S)
    every = (*steady_open, *steady_closed, *stall_open, *stall_closed, *sending)
    return (
        judge_constant("open", DELAY_S, _latencies(steady_open)),
        judge_constant("closed", DELAY_S, _latencies(steady_closed)),
        *judge_stall_open(TRUTH, _latencies(stall_open)),
        *judge_stall_closed(
            TRUTH, _latencies(stall_closed), median_latencies(_latencies(stall_open)).p95_s
        ),
        *judge_sending(SENDING.rate_per_s, [_sending(window) for window in sending]),
        judge_failures([window.result for window in every]),
    )


@dataclass(frozen=True)
class _Window:
    """What the generator saw, and what else was on its core meanwhile."""

    result: LoadResult
    foreign_share: float
    steal_share: float


@dataclass(frozen=True)
class _Core:
    """CPU seconds of the generator's core so far: in use, of that by the lab, and stolen."""

    busy_s: float
    lab_s: float
    steal_s: float


def _windows(
    placement: Placement, behaviour: Behaviour, pacing: Pacing, window_s: float
) -> tuple[_Window, ...]:
    cpus = placement.generator
    with running(placement.app[:1], behaviour) as base_url, Generator(cpus) as generator:
        specs = [
            LoadSpec(base_url, (Share("ping"),), pacing, number, duration_s=window_s)
            for number in range(WINDOWS)
        ]
        return tuple(_window(generator, cpus, spec) for spec in specs)


def _window(generator: Generator, cpus: tuple[int, ...], spec: LoadSpec) -> _Window:
    generator.warm_up(spec, min_s=0.3, max_s=0.6)
    generator.prepare(spec)
    before = _core(generator, cpus)
    generator.go()
    after = _core(generator, cpus)
    result = generator.collect()
    busy_s, lab_s = after.busy_s - before.busy_s, after.lab_s - before.lab_s
    available_s = result.duration_s * len(cpus)
    return _Window(
        result,
        foreign_share=max(0.0, busy_s - lab_s) / available_s,
        steal_share=(after.steal_s - before.steal_s) / available_s,
    )


def _core(generator: Generator, cpus: tuple[int, ...]) -> _Core:
    totals = host.cpu_totals(cpus)
    # This process may run there too: its own disturbance is no excuse.
    lab_s = tree_usage(generator.pid).cpu_s + time.process_time()
    return _Core(totals.busy_s, lab_s, totals.steal_s)


def _latencies(windows: Sequence[_Window]) -> tuple[Latencies, ...]:
    return tuple(latencies(window.result) for window in windows)


def _sending(window: _Window) -> Sending:
    lateness = window.result.lateness
    assert lateness is not None  # an open loop always has it
    assert lateness.p50_s is not None  # what was answered was sent
    assert lateness.p99_s is not None
    return Sending(lateness.p50_s, lateness.p99_s, window.foreign_share, window.steal_share)
