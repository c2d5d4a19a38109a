"""What every unit used while the run went on, from the sampler's readings."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from bench.model import PhaseResult, Sample
from bench.report.material import Material
from bench.report.memory import Role, unit_name

GENERATOR = "generator"
MOST_POINTS = 300
"""Readings are joined until a line has no more points than a page can show."""

_PAUSE_S = 5.0
"""Readings further apart than this belong to different sittings of a resumed run."""


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


@dataclass(frozen=True)
class Band:
    """A measured window, in seconds since the run began."""

    target: str
    workload: str
    round: int
    window: PhaseResult
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


def cpu_line(
    material: Material, unit: str, span_s: tuple[float, float], most: int = MOST_POINTS
) -> Line:
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
    material: Material, unit: str, span_s: tuple[float, float], most: int = MOST_POINTS
) -> Line:
    """PSS in bytes; of readings that are joined, the highest is kept."""
    began = began_at(material)
    read = [
        Reading(sample.at_unix_s - began, float(sample.pss_bytes))
        for sample in _within(material, unit, span_s)
        if sample.pss_bytes is not None
    ]
    step = max(1, -(-len(read) // most))
    parts = [read[at : at + step] for at in range(0, len(read), step)]
    return Line(unit, tuple(max(part, key=lambda one: one.value or 0.0) for part in parts))


def _within(material: Material, unit: str, span_s: tuple[float, float]) -> Sequence[Sample]:
    began, (start, end) = began_at(material), span_s
    return [
        sample
        for sample in material.samples
        if sample.unit == unit and start <= sample.at_unix_s - began <= end
    ]


def whole_span(material: Material) -> tuple[float, float]:
    """From the start to the last thing known, in seconds since the start."""
    ends = [band.end_s for band in bands(material)]
    if material.samples:
        ends.append(material.samples[-1].at_unix_s - began_at(material))
    return 0.0, max(ends, default=0.0)


def round_span(material: Material) -> tuple[int, tuple[float, float]] | None:
    """The last round that every target has, and when it was; None without any."""
    found = bands(material)
    targets = {band.target for band in found}
    for number in sorted({band.round for band in found}, reverse=True):
        mine = [band for band in found if band.round == number]
        if {band.target for band in mine} == targets:
            return number, (min(b.start_s for b in mine) - 2, max(b.end_s for b in mine) + 1)
    return None
