"""How rate and service time change with concurrency, and the scalability law behind it."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench.analysis.validity import is_invalid
from bench.model import CellResult, ClosedLoop, PhaseResult, RunRecord
from bench.stats.usl import MIN_CONCURRENCIES, UslFit, fit_usl


@dataclass(frozen=True)
class Level:
    """One target at one concurrency: its usable windows, and how many must not be used."""

    concurrency: int
    windows: tuple[PhaseResult, ...]
    left_out: int

    @property
    def rates_per_s(self) -> tuple[float, ...]:
        """Requests per second in each valid window of this concurrency."""
        return tuple(window.load.rate_per_s for window in self.windows)


@dataclass(frozen=True)
class Scaling:
    """One target under one workload: what was measured, and the law or why there is none."""

    workload: str
    target: str
    levels: tuple[Level, ...]
    fit: UslFit | None
    no_fit: str = ""


def scalings(record: RunRecord) -> tuple[Scaling, ...]:
    """Every target under every workload, in plan order; those without a cell are left out."""
    found = []
    for workload in record.plan.workloads:
        for target in record.plan.targets:
            mine = [c for c in record.cells if (c.workload, c.target) == (workload, target)]
            if levels := _levels(mine):
                found.append(Scaling(workload, target, levels, *_fit(levels)))
    return tuple(found)


def _levels(cells: Sequence[CellResult]) -> tuple[Level, ...]:
    by_concurrency: dict[int, list[CellResult]] = {}
    for cell in cells:
        if isinstance(cell.pacing, ClosedLoop):
            by_concurrency.setdefault(cell.pacing.concurrency, []).append(cell)
    return tuple(_level(level, by_concurrency[level]) for level in sorted(by_concurrency))


def _level(concurrency: int, cells: Sequence[CellResult]) -> Level:
    # A sweep's workload has one window; without any, the cell was unfit.
    windows = [cell.phases[0] if cell.phases else None for cell in cells]
    usable = tuple(w for w in windows if w and w.load.succeeded and not is_invalid(w))
    return Level(concurrency, usable, len(cells) - len(usable))


def _fit(levels: Sequence[Level]) -> tuple[UslFit | None, str]:
    """The law over all rounds of all levels, or why there is none."""
    usable = [level for level in levels if level.windows]
    if len(usable) < MIN_CONCURRENCIES:
        return None, (
            f"no fit: the law takes {MIN_CONCURRENCIES} usable concurrencies, there are "
            f"{len(usable)}"
        )
    points = [(level.concurrency, rate) for level in usable for rate in level.rates_per_s]
    try:
        return fit_usl([n for n, _ in points], [rate for _, rate in points]), ""
    except ValueError:
        return None, "no fit: the law does not describe these rates"
