"""What a person sees while a run is under way: a panel on a terminal, plain lines elsewhere."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rich.console import Console
from rich.text import Text

from bench.experiment.schedule import Step
from bench.live.classic import ClassicLog
from bench.live.display import Display
from bench.live.meter import Meter
from bench.live.panel import (
    CoreUse,
    PanelState,
    RoleUse,
    cores_of,
    count_words,
    panel_lines,
    time_left_s,
    time_words,
)
from bench.metrics import METRICS
from bench.model import CellResult, Diagnostic, Placement, RunRecord, Sample, Target
from bench.model import Progress as WindowProgress
from bench.report.facts import load_words, placement_words, promise_words
from bench.report.render.terminal import SEVERITY_STYLES
from bench.words import length_words
from bench.workloads import WORKLOADS


@dataclass(frozen=True)
class Surroundings:
    """What the panel must know of the lab.

    `units` gives the names of a target's app and database as the sampler calls them; `busy_s` the
    seconds that each CPU has been busy.
    """

    units: Callable[[Target], tuple[str, str]]
    placement_of: Callable[[Target], Placement]
    busy_s: Callable[[], Mapping[int, float]]


def cell_line(
    cell: CellResult,
    target: Target,
    *,
    tell_pacing: bool = False,
    width: int = 120,
    names: int = 7,
) -> str:
    """A finished cell, one line per window; diagnostics have their own where it is narrow.

    `names` is how long the longest name of a target is.
    """
    name = f"round {cell.round} {target.name:<{names}} "
    if tell_pacing:
        name += f"{cell.pacing.words}: "
    if cell.unfit:
        return f"{name}{cell.workload:<8}not measured: {cell.unfit.splitlines()[0]}"
    lines = []
    for window in cell.phases:
        rate, p99, cost = (
            METRICS[key].format(METRICS[key].value((window,)))
            for key in ("rate", "p99", "app_cost")
        )
        failed = f", {window.load.failed:,} FAILED" if window.load.failed else ""
        line = (
            f"{name}{window.phase:<7}{rate:>6} req/s  p99 {p99:>5} ms  app {cost:>5} us/req{failed}"
        )
        codes = ", ".join(diagnostic.code for diagnostic in window.diagnostics)
        if codes and len(line) + len(codes) + 4 > width:
            lines += [line, f"  ! {codes}"]
        else:
            lines.append(f"{line}  ! {codes}" if codes else line)
    return "\n".join(lines)


class LiveObserver:
    """Shows a run on `console` and keeps the classic log.

    Nothing is read for the panel but the CPUs' busy time: it shows what the generator and the
    sampler say anyhow. Without `surroundings` it shows no use of CPU.
    """

    def __init__(
        self, console: Console, log: ClassicLog, surroundings: Surroundings | None = None
    ) -> None:
        self._console = console
        self._log = log
        self._around = surroundings
        self._display = Display(console, self._lines)
        # The panel is drawn by one thread, the sampler speaks from another.
        self._lock = threading.Lock()
        self._units = Meter()
        self._cpus = Meter(kept=2)
        self._pss: dict[str, int] = {}
        self._diagnostics: Counter[str] = Counter()
        self._record: RunRecord | None = None
        self._target: Target | None = None
        self._title = "starting"
        self._window_s: float | None = None
        self._done = self._done_before = 0
        self._total: int | None = None
        self._why = ""
        self._began_s = self._cell_ended_s = time.monotonic()
        self._progress: WindowProgress | None = None
        self._rate_per_s: float | None = None

    # --- what the run says

    def run_started(self, record: RunRecord, cells: int, done: int) -> None:
        self._log.started()
        plan = record.plan
        self._record = record
        self._total, self._done, self._done_before = cells, done, done
        self._began_s = self._cell_ended_s = time.monotonic()
        self._console.print(
            f"Run {record.run_id}: {', '.join(plan.targets)}; {', '.join(plan.workloads)}; "
            f"{plan.rounds} {'round' if plan.rounds == 1 else 'rounds'}, {load_words(plan)}"
            f"{self._expected(cells - done)}",
            soft_wrap=True,
        )
        if record.promise:
            self._console.print(f"{promise_words(record)}.", soft_wrap=True)
        self._console.print(f"Placement: {placement_words(record.placement)}", soft_wrap=True)
        for note in record.placement.notes:
            self._console.print(f"  {note}", style="yellow", soft_wrap=True)
        self._display.start()

    def step_started(self, step: Step, targets: tuple[Target, ...]) -> None:
        for target in targets:
            self._log.cell_started(target, step.workload, step.round)
        who = targets[0].title if len(targets) == 1 else f"{len(targets)} targets in turns"
        with self._lock:
            self._title = f"round {step.round}  {who}  {step.workload}"
            length_s = self._length_of(step.workload)
            self._window_s = None if length_s is None else length_s * len(targets)
            self._target = targets[0]
            self._progress = self._rate_per_s = None

    def progress(self, progress: WindowProgress) -> None:
        with self._lock:
            self._rate_per_s = _latest_rate(self._progress, progress)
            self._progress = progress

    def sampled(self, samples: tuple[Sample, ...]) -> None:
        """The sampler's latest readings."""
        with self._lock:
            for sample in samples:
                self._units.read(sample.unit, sample.at_unix_s, sample.cpu_s)
                if sample.pss_bytes is not None:
                    self._pss[sample.unit] = sample.pss_bytes

    def round_added(self, number: int, cells: int, why: str) -> None:
        """Told with the reason; one that has been told already is not told again."""
        with self._lock:
            self._total = (self._total or 0) + cells
        told = f": {why}" if why and why != self._why else ""
        self._why = why
        self._console.print(f"round {number} added{told}", soft_wrap=not self._display.shown)

    def cell_finished(self, cell: CellResult, target: Target) -> None:
        self._log.cell_finished(target, cell)
        with self._lock:
            self._done += 1
            self._cell_ended_s = time.monotonic()
            self._progress = self._rate_per_s = None
        bad = bool(cell.unfit) or any(window.load.failed for window in cell.phases)
        plan = self._record.plan if self._record else None
        line = cell_line(
            cell,
            target,
            tell_pacing=plan is not None and plan.design.chooses_load,
            width=self._console.width,
            names=max(map(len, plan.targets)) if plan else 0,
        )
        self._console.print(
            line,
            style="red" if bad else "",
            soft_wrap=not self._display.shown,
            markup=False,
        )
        for window in cell.phases:
            for diagnostic in window.diagnostics:
                self._diagnostic(diagnostic)
        if not self._display.shown:
            self._tell_what_is_left()

    def run_finished(self, _record: RunRecord) -> None:
        self._log.finished()

    def close(self) -> None:
        """Leave the terminal as it was, also after Ctrl-C."""
        self._display.close()
        self._log.close()

    def _expected(self, cells: int) -> str:
        """How long the windows are, and the least that all of them take; empty for a study."""
        assert self._record is not None
        plan = self._record.plan
        lengths = [self._length_of(workload) for workload in plan.workloads]
        timed = [seconds for seconds in lengths if seconds is not None]
        if not timed:
            return ""
        least_s = cells * sum(plan.warm_up_min_s + window_s for window_s in timed) / len(lengths)
        return f"; {length_words(plan)}, {time_words(least_s)} of load at least"

    def _length_of(self, workload: str) -> float | None:
        """How long each window will last, where neither a study nor a count decides."""
        assert self._record is not None
        plan = self._record.plan
        counted = any(phase.counted for phase in WORKLOADS[workload].phases(1, 2))
        return None if plan.design.chooses_load or counted else plan.window_s

    def _diagnostic(self, diagnostic: Diagnostic) -> None:
        """The first of its kind is told with its remedy; the others are counted."""
        with self._lock:
            self._diagnostics[diagnostic.code] += 1
            first = self._diagnostics[diagnostic.code] == 1
        if first:
            self._console.print(
                f"  {diagnostic.severity} {diagnostic.code}: "
                f"{diagnostic.message}. {diagnostic.remedy}",
                style=SEVERITY_STYLES[diagnostic.severity],
                soft_wrap=not self._display.shown,
                markup=False,
            )

    def _tell_what_is_left(self) -> None:
        """Without a panel: how far it is, after each round's worth of cells."""
        assert self._record is not None
        plan = self._record.plan
        a_round = len(plan.targets) * len(plan.workloads)
        left_s = self._time_left_s()
        if self._done % a_round == 0 and left_s is not None and self._total != self._done:
            diagnostics = (
                f"; diagnostics: {count_words(self._diagnostics)}" if self._diagnostics else ""
            )
            self._console.print(
                f"{self._done} of {self._total} cells, about {time_words(left_s)} left{diagnostics}"
            )

    # --- what the panel shows

    def _lines(self) -> tuple[Text, ...]:
        with self._lock:
            moment = self._moment()
        return panel_lines(moment, self._console.width, self._console.height)

    def _moment(self) -> PanelState:
        return PanelState(
            title=self._title,
            done=self._done,
            total=self._total,
            time_left_s=self._time_left_s(),
            progress=self._progress,
            rate_per_s=self._rate_per_s,
            window_s=self._window_s,
            roles=self._roles(),
            cores=self._cores(),
            diagnostics=dict(self._diagnostics),
        )

    def _time_left_s(self) -> float | None:
        return time_left_s(
            spent_s=self._cell_ended_s - self._began_s,
            done=self._done - self._done_before,
            total=None if self._total is None else self._total - self._done_before,
            under_way_s=time.monotonic() - self._cell_ended_s,
        )

    def _roles(self) -> Mapping[str, RoleUse]:
        if self._around is None or self._target is None:
            return {}
        app, database = self._around.units(self._target)
        units = {"app": app, "database": database, "generator": "generator"}
        return {
            role: RoleUse(self._units.share(unit), self._pss.get(unit))
            for role, unit in units.items()
        }

    def _cores(self) -> tuple[CoreUse, ...]:
        if self._around is None or self._target is None:
            return ()
        now_s = time.monotonic()
        for cpu, busy_s in self._around.busy_s().items():
            self._cpus.read(str(cpu), now_s, busy_s)
        busy = {int(name): share for name, share in self._cpus.shares()}
        return cores_of(self._around.placement_of(self._target), busy)


def _latest_rate(before: WindowProgress | None, now: WindowProgress) -> float:
    """The rate since the tick before, or since the window's start."""
    if before is None or before.elapsed_s >= now.elapsed_s:
        return now.rate_per_s
    return (now.succeeded - before.succeeded) / (now.elapsed_s - before.elapsed_s)
