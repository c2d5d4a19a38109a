"""Whether what a file says of a cell can be at all: valid JSON may still say nonsense."""

import math
import zlib
from collections.abc import Iterator

from hdrh.codec import (
    HdrCookieException,
    HdrHistogramSettingsException,
    HdrLengthException,
)

from bench.model import CellResult, Distribution, LoadResult, PhaseResult, Plan

_HDR = (HdrCookieException, HdrHistogramSettingsException, HdrLengthException)
_UNDECODABLE = (ValueError, LookupError, ArithmeticError, TypeError, zlib.error, *_HDR)


MOST_ROUNDS = 100_000
"""More than months of measuring have; the list of cells of a run with a billion fills memory."""


def why_impossible(cell: CellResult, plan: Plan) -> str:
    """What of it cannot be, in a few words; "" when all can."""
    return next(_faults(cell, plan), "")


def _faults(cell: CellResult, plan: Plan) -> Iterator[str]:
    if not _is_planned(cell, plan) or not 1 <= cell.round <= MOST_ROUNDS:
        yield f"{cell.target} {cell.workload}, round {cell.round}, is none of this run's"
    if cell.warm_up and not _is_amount(cell.warm_up.duration_s):
        yield f"a warm-up of {cell.warm_up.duration_s} s"
    for window in cell.phases:
        yield from _of_load(window.load)
        yield from _of_roles(window)


def _is_planned(cell: CellResult, plan: Plan) -> bool:
    planned = plan.cells_of_round
    if planned is None:
        return cell.target in plan.targets and cell.workload in plan.workloads
    named = {(target, workload, ladder) for target, workload, _, ladder in planned}
    return (cell.target, cell.workload, cell.ladder) in named


def _of_load(load: LoadResult) -> Iterator[str]:
    if not (_is_amount(load.duration_s) and load.duration_s > 0):
        yield f"a window of {load.duration_s} s"
    counts = (load.succeeded, load.uncounted, *load.failures.values())
    if min(counts) < 0:
        yield f"{min(counts)} requests"
    # Every request that was answered in a turn has spent some of its time there.
    if not _is_amount(load.requests_served) or (load.succeeded > 0) > (load.requests_served > 0):
        yield f"{load.requests_served} requests served of {load.succeeded}"
    for operation, times in load.latency.items():
        if not _is_distribution(times):
            yield f"a damaged histogram of {operation}"


def _of_roles(window: PhaseResult) -> Iterator[str]:
    # Less than nothing can be measured (processes that ended unseen), and is told then.
    is_told = any(diagnostic.code == "impossible-cpu" for diagnostic in window.diagnostics)
    for role in (window.app, window.database, window.generator):
        if role is None or _is_amount(role.cpu_s) or (math.isfinite(role.cpu_s) and is_told):
            continue
        yield f"{role.cpu_s} s of CPU time"


def _is_amount(value: float) -> bool:
    return math.isfinite(value) and value >= 0


def _is_distribution(times: Distribution) -> bool:
    if times.count < 0 or not all(map(_is_amount, (times.mean_s, times.min_s, times.max_s))):
        return False
    try:
        # The library that reads it fails in its own ways on what it has not written.
        return int(times.hdr.filled[1].sum()) == times.count
    except _UNDECODABLE:
        return False
