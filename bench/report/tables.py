"""Tables as plain text cells, from records. How they are drawn is another module's matter."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.metrics import METRICS
from bench.model import CellResult, ClosedLoop, Pacing, PhaseResult, RunRecord, Users


@dataclass(frozen=True)
class Table:
    """`numeric` marks the columns to be set to the right."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...]
    caption: str = ""


@dataclass(frozen=True)
class Series:
    """All rounds of one target's window, in the order measured."""

    workload: str
    phase: str
    target: str
    windows: tuple[PhaseResult, ...]
    unfit: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        return self.workload if self.workload == self.phase else f"{self.workload}: {self.phase}"


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
            rows.append(Series(workload, phase, target, tuple(windows), tuple(unfit)))
    return rows


def _figure(name: str, one: Series) -> str:
    return METRICS[name].format(METRICS[name].value(one.windows))


def _limits(one: Series) -> str:
    if not one.windows:
        return "not measured"
    return ", ".join(dict.fromkeys(window.limited_by for window in one.windows))


def _speed_row(one: Series) -> tuple[str, ...]:
    rate, windows = METRICS["rate"], one.windows
    if not windows:
        return (one.title, one.target, "–", "–", "–", "–", "–", "not measured", "–")
    asked = sum(window.load.succeeded + window.load.failed for window in windows)
    return (
        one.title,
        one.target,
        rate.format_interval(rate.estimate(windows)),
        _figure("p50", one),
        _figure("p95", one),
        _figure("p99", one),
        f"{_figure('succeeded', one)}/{asked:,}",
        _figure("failed", one),
        _figure("duration", one),
    )


def time_word(pacing: Pacing) -> str:
    """What the times of a window are, by how its load arrives."""
    match pacing:
        case ClosedLoop():
            return "service time"
        case Users(throughput_per_s=None):
            return "response time"
        case _:
            return "latency"


def speed_table(record: RunRecord) -> Table:
    """Rate with its interval, response times and outcomes per operation and framework."""
    time = time_word(record.plan.pacing)
    return Table(
        title="Speed",
        columns=(
            *("operation", "framework", "RPS", "p50 ms", "p95 ms", "p99 ms"),
            *("success", "failures", "duration s"),
        ),
        rows=tuple(map(_speed_row, series(record))),
        numeric=(False, False, *([True] * 7)),
        caption=(
            "RPS: successful requests per second, mean over rounds ± half of its 95 % interval. "
            f"p50, p95, p99: {time} over all rounds. Duration: measured windows, pauses left out."
        ),
    )


def _cost_row(one: Series) -> tuple[str, ...]:
    def told(*names: str) -> str:
        return " / ".join(_figure(name, one) for name in names)

    return (
        one.title,
        one.target,
        told("app_cost", "database_cost", "generator_cost"),
        told("app_cpu", "database_cpu", "generator_cpu"),
        told("app_memory", "database_memory"),
        told("queries"),
        _limits(one),
    )


def cost_table(record: RunRecord) -> Table:
    """CPU per request and memory by role, and what limited the rate."""
    return Table(
        title="Cost",
        columns=(
            *("operation", "framework", "CPU us/request", "CPU %", "PSS MB"),
            *("queries", "limited by"),
        ),
        rows=tuple(map(_cost_row, series(record))),
        numeric=(False, False, True, True, True, True, False),
        caption=(
            "CPU: app / database / generator, % of one core. PSS: app / database, shared pages "
            "counted once. Queries: statements per request, pre-ping included."
        ),
    )
