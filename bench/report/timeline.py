"""What every unit used while the run went on, from the sampler's readings."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

import numpy as np

from bench.model import CellResult, PhaseResult, Sample
from bench.report.material import Material
from bench.report.memory import Role, role_memory, unit_name

GENERATOR = "generator"
MOST_POINTS = 300
"""Readings are joined until a line has no more points than a page can show."""

_PAUSE_S = 5.0
"""Readings further apart than this belong to different sittings of a resumed run."""

Span = tuple[float, float]
"""From, to: in seconds since the run began."""


@dataclass(frozen=True)
class Reading:
    """A figure at a moment, in seconds since the run began; None where the line breaks."""

    at_s: float
    value: float | None


@dataclass(frozen=True)
class Line:
    """One unit's figure over time: CPU in % of one core, or memory (PSS) in bytes."""

    unit: str
    readings: tuple[Reading, ...]

    @property
    def known(self) -> list[float]:
        return [one.value for one in self.readings if one.value is not None]


@dataclass(frozen=True)
class Band:
    """A measured window, in seconds since the run began."""

    target: str
    workload: str
    round: int
    window: PhaseResult
    start_s: float
    end_s: float

    @property
    def title(self) -> str:
        """As in the other figures: the workload, and the phase of one that has several."""
        phase = self.window.phase
        return phase if phase == self.workload else f"{self.workload}: {phase}"


@dataclass(frozen=True)
class SetUp:
    """What came before a cell's first window: loading rows, checking answers, warming up."""

    target: str
    workload: str
    round: int
    start_s: float
    end_s: float


def bands(material: Material) -> tuple[Band, ...]:
    """Every measured window whose start is known."""
    began = began_at(material)
    return tuple(
        Band(
            cell.target,
            cell.workload,
            cell.round,
            window,
            window.load.started_at_unix_s - began,
            window.load.started_at_unix_s + window.load.duration_s - began,
        )
        for cell in material.record.cells
        for window in cell.phases
        if window.load.started_at_unix_s
    )


def set_ups(material: Material) -> tuple[SetUp, ...]:
    """The set-up of every cell whose first window's start is known."""
    began = began_at(material)
    return tuple(
        SetUp(cell.target, cell.workload, cell.round, start_s, end_s)
        for cell in material.record.cells
        for start_s, end_s in _set_up_span(cell, began)
    )


def _set_up_span(cell: CellResult, began: float) -> Iterator[Span]:
    starts = [at for one in cell.phases if (at := one.load.started_at_unix_s) is not None]
    first = min(starts, default=began)
    start = max(began, datetime.fromisoformat(cell.started_at).timestamp())
    # A clock that was set meanwhile may have turned the order round.
    if first > start:
        yield start - began, first - began


def began_at(material: Material) -> float:
    """Seconds since 1970 of the first thing known to have happened."""
    starts = [
        window.load.started_at_unix_s
        for cell in material.record.cells
        for window in cell.phases
        if window.load.started_at_unix_s
    ]
    return min([*(sample.at_unix_s for sample in material.samples[:1]), *starts], default=0.0)


def units(material: Material, role: Role) -> dict[str, str]:
    """Unit names by target."""
    return {target: unit_name(target, role) for target in material.record.plan.targets}


def cpu_line(material: Material, unit: str, span_s: Span, most: int = MOST_POINTS) -> Line:
    """CPU in % of one core. A point holds from the one before it: no use of CPU is lost."""
    began = began_at(material)
    read = _within(material, unit, span_s)
    step = max(1, -(-len(read) // most))
    thinned = [*read[:-1:step], *read[-1:]]
    readings: list[Reading] = []
    for before, after in pairwise(thinned):
        used, passed = after.cpu_s - before.cpu_s, after.at_unix_s - before.at_unix_s
        # A unit that was started again counts from nothing.
        known = passed > 0 and used >= 0 and passed < max(_PAUSE_S, step)
        readings.append(Reading(after.at_unix_s - began, 100 * used / passed if known else None))
    return Line(unit, tuple(readings))


def memory_line(
    material: Material, target: str, role: Role, span_s: Span, most: int = MOST_POINTS
) -> Line:
    """PSS in bytes, from the sampler and from what was read after each window.

    Of readings that are joined, the highest is kept.
    """
    began, unit = began_at(material), unit_name(target, role)
    sampled = [
        Reading(sample.at_unix_s - began, float(sample.pss_bytes))
        for sample in _within(material, unit, span_s)
        if sample.pss_bytes is not None
    ]
    after = _after_windows(material, target, role, span_s)
    read = sorted([*sampled, *after], key=lambda one: one.at_s)
    step = max(1, -(-len(read) // most))
    parts = [read[at : at + step] for at in range(0, len(read), step)]
    return Line(unit, tuple(max(part, key=lambda one: one.value or 0.0) for part in parts))


def _after_windows(material: Material, target: str, role: Role, span_s: Span) -> Iterator[Reading]:
    for band in bands(material):
        pss_bytes = role_memory(band.window, role)
        if band.target == target and pss_bytes is not None and span_s[0] <= band.end_s <= span_s[1]:
            yield Reading(band.end_s, float(pss_bytes))


def mean_cpu(material: Material, unit: str, spans: Iterable[Span]) -> float | None:
    """CPU of all these spans together, in % of one core; None where there was no reading."""
    began, read = began_at(material), material.samples_of(unit)
    if len(read) < 2:
        return None
    at = [sample.at_unix_s - began for sample in read]
    used = [0.0]
    for before, after in pairwise(read):
        # A unit that was started again counts from nothing.
        used.append(used[-1] + max(0.0, after.cpu_s - before.cpu_s))
    inside = [(max(start, at[0]), min(end, at[-1])) for start, end in spans]
    inside = [(start, end) for start, end in inside if end > start]
    passed = sum(end - start for start, end in inside)
    edges = np.interp([edge for span in inside for edge in span], at, used)
    return 100 * float((edges[1::2] - edges[::2]).sum()) / passed if passed else None


def _within(material: Material, unit: str, span_s: Span) -> Sequence[Sample]:
    began, (start, end) = began_at(material), span_s
    return [
        sample for sample in material.samples_of(unit) if start <= sample.at_unix_s - began <= end
    ]


def whole_span(material: Material) -> Span:
    """From the start to the last thing known, in seconds since the start."""
    ends = [band.end_s for band in bands(material)]
    if material.samples:
        ends.append(material.samples[-1].at_unix_s - began_at(material))
    return 0.0, max(ends, default=0.0)


def round_span(material: Material) -> tuple[int, Span] | None:
    """The last round that every target has, and when it was; None without any."""
    found = bands(material)
    targets = {band.target for band in found}
    for number in sorted({band.round for band in found}, reverse=True):
        mine = [band for band in found if band.round == number]
        if {band.target for band in mine} == targets:
            return number, (min(b.start_s for b in mine) - 2, max(b.end_s for b in mine) + 1)
    return None
