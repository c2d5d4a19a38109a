"""What a person sees while a run is under way: a live line on a terminal, plain lines elsewhere."""

import time
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bench.metrics import METRICS
from bench.model import CellResult, RunRecord, Target
from bench.model import Progress as WindowProgress
from bench.report.classic import ClassicLog
from bench.report.facts import load_words, pacing_words, placement_words


class Visit(Protocol):
    """The cell under way."""

    @property
    def round(self) -> int: ...
    @property
    def workload(self) -> str: ...


def cell_line(cell: CellResult, target: Target, *, tell_pacing: bool = False) -> str:
    """A finished cell, one line per window."""
    name = f"round {cell.round}  {target.name:<8}"
    if tell_pacing:
        name += f"{pacing_words(cell.pacing)}: "
    if cell.unfit:
        return f"{name}{cell.workload:<8} not measured: {cell.unfit.splitlines()[0]}"
    parts = []
    for window in cell.phases:
        rate, p99, cost = (
            METRICS[key].format(METRICS[key].value((window,)))
            for key in ("rate", "p99", "app_cost")
        )
        failed = f", {window.load.failed:,} FAILED" if window.load.failed else ""
        codes = ", ".join(warning.code for warning in window.warnings)
        doubts = f"  ! {codes}" if codes else ""
        parts.append(
            f"{window.phase:<8}{rate:>7} requests/s  p99 {p99:>6} ms  app {cost:>6} us/request"
            f"{failed}{doubts}"
        )
    return "\n".join(f"{name}{part}" for part in parts)


class LiveObserver:
    """Shows a run on `console` and keeps the classic log."""

    def __init__(self, console: Console, log: ClassicLog) -> None:
        self._console = console
        self._log = log
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("cells"),
            TimeRemainingColumn(compact=True),
            TextColumn("{task.fields[now]}"),
            console=console,
            # Twice a second: the display shares a core with the generator on small machines.
            refresh_per_second=2,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task("starting", total=None, now="")
        self._last_shown = 0.0
        self._tell_pacing = False

    def run_started(self, record: RunRecord, cells: int, done: int) -> None:
        self._log.started()
        plan = record.plan
        self._tell_pacing = plan.study is not None
        self._console.print(
            f"Run {record.run_id}: {', '.join(plan.targets)}; {', '.join(plan.workloads)}; "
            f"{plan.rounds} {'round' if plan.rounds == 1 else 'rounds'}, {load_words(plan)}",
            soft_wrap=True,
        )
        self._console.print(f"Placement: {placement_words(record.placement)}", soft_wrap=True)
        for note in record.placement.notes:
            self._console.print(f"  {note}", style="yellow", soft_wrap=True)
        self._progress.update(self._task, total=cells, completed=done)
        self._progress.start()

    def cell_started(self, visit: Visit, target: Target) -> None:
        self._log.cell_started(target, visit.workload, visit.round)
        label = f"round {visit.round}  {target.name} {visit.workload}"
        self._progress.update(self._task, description=label, now="")

    def progress(self, progress: WindowProgress) -> None:
        now = time.monotonic()
        if now - self._last_shown >= 0.25:
            self._last_shown = now
            failed = f", {progress.failed} failed" if progress.failed else ""
            self._progress.update(self._task, now=f"{progress.rate_per_s:,.0f}/s{failed}")

    def round_added(self, number: int, cells: int) -> None:
        """The intervals are still too wide: another round."""
        task = self._progress.tasks[0]
        self._progress.update(self._task, total=(task.total or 0) + cells)
        self._progress.console.print(f"round {number} added: intervals are still too wide")

    def cell_finished(self, cell: CellResult, target: Target) -> None:
        self._log.cell_finished(target, cell)
        bad = bool(cell.unfit) or any(window.load.failed for window in cell.phases)
        self._progress.console.print(
            cell_line(cell, target, tell_pacing=self._tell_pacing),
            style="red" if bad else "",
            soft_wrap=True,
            markup=False,
        )
        self._progress.advance(self._task)

    def run_finished(self, _record: RunRecord) -> None:
        self._log.finished()

    def close(self) -> None:
        """Leave the terminal as it was, also after Ctrl-C."""
        self._progress.stop()
        self._log.close()
