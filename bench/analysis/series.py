"""The windows of a run, by operation and target."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.analysis.validity import invalid_codes, is_invalid
from bench.metrics import Metric
from bench.model import CellResult, PhaseResult, RunRecord


def operation_title(workload: str, phase: str) -> str:
    """The phase's name, behind the workload's where that has several: "read", "crud: read"."""
    return workload if workload == phase else f"{workload}: {phase}"


def measured_s(cells: Iterable[CellResult]) -> float:
    """How long was measured in all: the sum of the windows, of turns those that were counted."""
    return sum(window.load.duration_s for cell in cells for window in cell.phases)


@dataclass(frozen=True)
class TargetPhase:
    """A target in a phase of a workload."""

    target: str
    workload: str
    phase: str

    @property
    def title(self) -> str:
        """The operation, with its workload where that has several phases."""
        return operation_title(self.workload, self.phase)


@dataclass(frozen=True)
class Series(TargetPhase):
    """All rounds of one target's window, in the order measured."""

    windows: tuple[PhaseResult, ...]
    unfit: tuple[str, ...] = ()

    @property
    def invalid_codes(self) -> tuple[str, ...]:
        """The codes of the diagnostics that forbid the use of this target's figures, each once."""
        return invalid_codes(self.windows)

    @property
    def invalid_count(self) -> int:
        """How many of the windows must not be used."""
        return sum(map(is_invalid, self.windows))

    @property
    def usable(self) -> tuple[PhaseResult, ...]:
        """The windows that figures are made of: the valid ones, as in verdicts and histories.

        Where no window is valid they are all of them, for the figures are shown with their mark.
        """
        return tuple(window for window in self.windows if not is_invalid(window)) or self.windows

    def behind(self, metric: Metric) -> tuple[PhaseResult, ...]:
        """The windows that this metric is reduced over: a count is of everything that happened."""
        return self.windows if metric.counts else self.usable


def series(record: RunRecord) -> tuple[Series, ...]:
    """The run's windows by workload and phase, targets in plan order within each."""
    found: list[Series] = []
    for workload in record.plan.workloads:
        cells = [cell for cell in record.cells if cell.workload == workload]
        phases = dict.fromkeys(window.phase for cell in cells for window in cell.phases)
        for phase in phases or [workload]:
            found.extend(_by_target(record.plan.targets, workload, phase, cells))
    return tuple(found)


def _by_target(
    targets: Sequence[str], workload: str, phase: str, cells: Iterable[CellResult]
) -> list[Series]:
    rows = []
    for target in targets:
        mine = [cell for cell in cells if cell.target == target]
        windows = [window for cell in mine for window in cell.phases if window.phase == phase]
        unfit = [cell.unfit for cell in mine if cell.unfit]
        if windows or unfit:
            rows.append(Series(target, workload, phase, tuple(windows), tuple(unfit)))
    return rows
