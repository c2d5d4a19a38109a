"""What every unit used while the run went on, from the sampler's readings."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

import numpy as np

from bench.analysis.memory import PAUSE_S, role_memory, sampled_memory, unit_name
from bench.analysis.series import operation_title
from bench.analysis.stored import StoredRun
from bench.model import CellResult, PhaseResult, Role, Sample

GENERATOR = "generator"
MOST_POINTS = 300
"""Readings are joined until a line has no more points than a page can show."""

_ABOVE = 1.1
"""So much more than its CPUs can give a unit may read: two clocks are read, one after the other."""

Span = tuple[float, float]
"""From, to: in seconds since the run began."""


@dataclass(frozen=True)
class Reading:
    """A figure at a moment, in seconds since the run began; None where the line breaks."""

    at_s: float
    value: float | None


@dataclass(frozen=True)
class UsageLine:
    """One unit's figure over time: CPU in % of one core, or memory (PSS) in bytes."""

    unit: str
    readings: tuple[Reading, ...]

    @property
    def known(self) -> list[float]:
        """The readings without the gaps, in the unit of the line."""
        return [reading.value for reading in self.readings if reading.value is not None]


@dataclass(frozen=True)
class Band:
    """A measured window, in seconds since the run began: one span, or one for each turn."""

    target: str
    workload: str
    round: int
    window: PhaseResult
    spans: tuple[Span, ...]

    @property
    def start_s(self) -> float:
        """When it began, or its first turn."""
        return self.spans[0][0]

    @property
    def end_s(self) -> float:
        """When it ended, or its last turn."""
        return self.spans[-1][1]

    @property
    def title(self) -> str:
        """As in the other figures: the workload, and the phase of one that has several."""
        return operation_title(self.workload, self.window.phase)


@dataclass(frozen=True)
class SetUp:
    """What came before a cell's first window, or where targets take turns before the first turn
    of any: loading rows, checking answers, warming up.
    """

    target: str
    workload: str
    round: int
    start_s: float
    end_s: float


def bands(run: StoredRun) -> tuple[Band, ...]:
    """Every measured window whose start is known."""
    began = began_at(run)
    return tuple(
        Band(
            cell.target,
            cell.workload,
            cell.round,
            window,
            _spans(window, window.load.started_at_unix_s - began, _lead_in_s(run)),
        )
        for cell in run.record.cells
        for window in cell.phases
        if window.load.started_at_unix_s
    )


def _spans(window: PhaseResult, start_s: float, lead_in_s: float) -> tuple[Span, ...]:
    """When the window was measured, which began at `start_s`: lead-ins are no part of it."""
    turns = window.turns
    if turns is None or not turns.at_s:
        return ((start_s, start_s + window.load.duration_s),)
    zero_s = _first_of_any(window, start_s, lead_in_s)
    return tuple(
        (zero_s + at_s, zero_s + at_s + duration_s)
        for at_s, duration_s in zip(turns.at_s, turns.duration_s, strict=True)
    )


def _first_of_any(window: PhaseResult, start_s: float, lead_in_s: float) -> float:
    """When the window began or, in turns, the first lead-in of any target: turns count from it.

    `start_s` is when the target's own first lead-in began.
    """
    turns = window.turns
    return start_s if turns is None or not turns.at_s else start_s + lead_in_s - turns.at_s[0]


def _lead_in_s(run: StoredRun) -> float:
    turns = run.record.plan.turns
    return turns.lead_in_s if turns else 0.0


def overlapping[Stretch: (Band, SetUp)](found: Iterable[Stretch]) -> list[tuple[Stretch, ...]]:
    """In order of time, those together that share time: windows in turns, and their set-ups."""
    groups: list[list[Stretch]] = []
    until_s = 0.0
    for stretch in sorted(found, key=lambda stretch: stretch.start_s):
        if groups and stretch.start_s < until_s:
            groups[-1].append(stretch)
        else:
            groups.append([stretch])
        until_s = max(until_s, stretch.end_s)
    return [tuple(group) for group in groups]


def set_ups(run: StoredRun) -> tuple[SetUp, ...]:
    """The set-up of every cell whose first window's start is known."""
    began = began_at(run)
    return tuple(
        SetUp(cell.target, cell.workload, cell.round, start_s, end_s)
        for cell in run.record.cells
        for start_s, end_s in _set_up_span(cell, began, _lead_in_s(run))
    )


def set_ups_of(run: StoredRun, found: Sequence[Band], target: str) -> list[SetUp]:
    """The target's set-ups before these windows."""
    cells = {(band.target, band.workload, band.round) for band in found}
    return [
        set_up
        for set_up in set_ups(run)
        if set_up.target == target and (set_up.target, set_up.workload, set_up.round) in cells
    ]


def _set_up_span(cell: CellResult, began: float, lead_in_s: float) -> Iterator[Span]:
    starts = [
        _first_of_any(phase, at, lead_in_s)
        for phase in cell.phases
        if (at := phase.load.started_at_unix_s) is not None
    ]
    first = min(starts, default=began)
    start = max(began, datetime.fromisoformat(cell.started_at).timestamp())
    # A clock that was set meanwhile may have turned the order round.
    if first > start:
        yield start - began, first - began


def began_at(run: StoredRun) -> float:
    """Seconds since 1970 of the first thing known to have happened."""
    starts = [
        window.load.started_at_unix_s
        for cell in run.record.cells
        for window in cell.phases
        if window.load.started_at_unix_s
    ]
    return min([*(sample.at_unix_s for sample in run.samples[:1]), *starts], default=0.0)


def units(run: StoredRun, role: Role) -> dict[str, str]:
    """The name of the unit that has this role for each target, by target."""
    record = run.record
    return {name: unit_name(record.target(name), role) for name in record.plan.targets}


def cpu_line(run: StoredRun, unit: str, span_s: Span, most: int = MOST_POINTS) -> UsageLine:
    """CPU in % of one core. A point holds from the one before it: no use of CPU is lost."""
    began = began_at(run)
    read = _within(run, unit, span_s)
    step = max(1, -(-len(read) // most))
    known = _known(run, unit, read)
    readings: list[Reading] = []
    for at in range(0, len(known), step):
        joined = known[at : at + step]
        end_s = read[min(at + step, len(read) - 1)].at_unix_s - began
        passed_s = sum(passed for passed, _ in filter(None, joined))
        used_s = sum(used for _, used in filter(None, joined))
        readings.append(Reading(end_s, 100 * used_s / passed_s if passed_s else None))
    return UsageLine(unit, tuple(readings))


def impossible_readings(run: StoredRun) -> int:
    """How many readings say that a unit used more than the CPUs that it is pinned to."""
    return sum(
        _is_one_count(before, after) and not _is_possible(before, after, cpus)
        for unit, cpus in _pinned(run).items()
        for before, after in pairwise(run.samples_of(unit))
    )


def _known(run: StoredRun, unit: str, read: Sequence[Sample]) -> list[tuple[float, float] | None]:
    """Between each two readings: seconds that passed and CPU seconds used, where that is known."""
    cpus = _pinned(run).get(unit)
    return [
        (after.at_unix_s - before.at_unix_s, after.cpu_s - before.cpu_s)
        if _is_one_count(before, after) and _is_possible(before, after, cpus)
        else None
        for before, after in pairwise(read)
    ]


def _is_one_count(before: Sample, after: Sample) -> bool:
    """Not so when the unit was started again between the two, or nobody was there to read."""
    passed_s = after.at_unix_s - before.at_unix_s
    return before.pid == after.pid and after.cpu_s >= before.cpu_s and 0 < passed_s < PAUSE_S


def _is_possible(before: Sample, after: Sample, cpus: int | None) -> bool:
    """A count that has jumped ahead says nothing of that moment. Old runs have many of them."""
    passed_s, used_s = after.at_unix_s - before.at_unix_s, after.cpu_s - before.cpu_s
    return cpus is None or used_s <= _ABOVE * cpus * passed_s


def _pinned(run: StoredRun) -> dict[str, int]:
    """How many CPUs each unit has: an app one of its placement's, a database all of them."""
    where = run.record.placement
    apps = dict.fromkeys(units(run, "app").values(), 1)
    databases = dict.fromkeys(units(run, "database").values(), len(where.database))
    return {**apps, **databases, GENERATOR: len(where.generator)}


def memory_line(
    run: StoredRun, target: str, role: Role, span_s: Span, most: int = MOST_POINTS
) -> UsageLine:
    """PSS in bytes, from the sampler and from what was read after each window.

    A gap stands where the unit was just being started again. Of readings that are joined, the
    highest is kept.
    """
    began, unit = began_at(run), unit_name(run.record.target(target), role)
    sampled = [
        Reading(at - began, None if pss_bytes is None else float(pss_bytes))
        for at, pss_bytes in sampled_memory(run, unit)
        if span_s[0] <= at - began <= span_s[1]
    ]
    after = _after_windows(run, target, role, span_s)
    read = sorted([*sampled, *after], key=lambda reading: reading.at_s)
    step = max(1, -(-len(read) // most))
    parts = [read[at : at + step] for at in range(0, len(read), step)]
    return UsageLine(
        unit, tuple(max(part, key=lambda reading: reading.value or 0.0) for part in parts)
    )


def _after_windows(run: StoredRun, target: str, role: Role, span_s: Span) -> Iterator[Reading]:
    for band in bands(run):
        pss_bytes = role_memory(band.window, role)
        if band.target == target and pss_bytes is not None and span_s[0] <= band.end_s <= span_s[1]:
            yield Reading(band.end_s, float(pss_bytes))


def mean_cpu(run: StoredRun, unit: str, spans: Iterable[Span]) -> float | None:
    """CPU of all these spans together, in % of one core; None where there was no reading."""
    began, read = began_at(run), run.samples_of(unit)
    if len(read) < 2:
        return None
    at = [sample.at_unix_s - began for sample in read]
    # What is not known counts for nothing, neither as use nor as time.
    between = [known or (0.0, 0.0) for known in _known(run, unit, read)]
    sums = np.vstack([np.zeros(2), np.cumsum(between, axis=0)])
    edges = [edge for start, end in spans if end > start for edge in (start, end)]
    passed, used = (np.interp(edges, at, column) for column in sums.T)
    passed_s = float((passed[1::2] - passed[::2]).sum())
    return 100 * float((used[1::2] - used[::2]).sum()) / passed_s if passed_s > 0 else None


def _within(run: StoredRun, unit: str, span_s: Span) -> Sequence[Sample]:
    began, (start, end) = began_at(run), span_s
    return [sample for sample in run.samples_of(unit) if start <= sample.at_unix_s - began <= end]


def whole_span(run: StoredRun) -> Span:
    """From the start to the last thing known, in seconds since the start."""
    ends = [band.end_s for band in bands(run)]
    if run.samples:
        ends.append(run.samples[-1].at_unix_s - began_at(run))
    return 0.0, max(ends, default=0.0)


def round_span(run: StoredRun) -> tuple[int, Span] | None:
    """The last round that every target has, and when it was; None without any."""
    found = bands(run)
    targets = {band.target for band in found}
    for number in sorted({band.round for band in found}, reverse=True):
        mine = [band for band in found if band.round == number]
        if {band.target for band in mine} == targets:
            return number, (min(b.start_s for b in mine) - 2, max(b.end_s for b in mine) + 1)
    return None
