"""A session as a person at a terminal sees it, from the first check to the way out."""

from collections.abc import Callable, Mapping

from rich.console import Console
from rich.text import Text

from bench import preflight
from bench.analysis.commands import resume_command, without_report
from bench.errors import LabError, StoreError
from bench.experiment.lab import Lab
from bench.experiment.os_errors import refused
from bench.host.cpus import cpu_ticks
from bench.kernel.process import TICK_S
from bench.live.classic import ClassicLog
from bench.live.display import drawing_share
from bench.live.notes import print_notes
from bench.live.observer import LiveObserver, Surroundings
from bench.live.panel import PanelState, RoleUse, cores_of, panel_lines
from bench.model import Placement, Progress, RunRecord, Site
from bench.preflight import Check
from bench.store import RunStore
from bench.words import times


def surroundings(lab: Lab) -> Surroundings:
    """What the live display must know of this lab."""
    return Surroundings(lab.unit_names, lab.placement_of, _busy_s)


def _busy_s() -> Mapping[int, float]:
    return {cpu: ticks.busy * TICK_S for cpu, ticks in cpu_ticks().items()}


def view_share(placement: Placement) -> float:
    """CPU that the live view uses while a run is under way, as a share of one core: measured."""
    use = RoleUse(0.5, 70_000_000)

    def lines() -> tuple[Text, ...]:
        cores = cores_of(placement, _busy_s())
        progress = Progress(0.5, 500, 0, 1000.0, 0.02)
        roles = {"app": use, "database": use, "generator": use}
        moment = PanelState(
            "round 1  target  workload", 1, 10, 60.0, progress, roles=roles, cores=cores
        )
        return panel_lines(moment, 80, 24)

    return drawing_share(lines)


def _how_to_go_on(store: RunStore, error: LabError) -> str:
    """What is kept of a run that has failed, and the command that goes on; "" where nothing is, or
    where the error tells it itself.
    """
    try:
        record, _ = store.read()
    except StoreError:
        return ""
    command = resume_command(record)
    if record.state == "complete" or command in error.remedy:
        return ""
    how = "Go on" if record.plan.is_resumable else "Again"
    return f"{times(len(record.cells), 'finished cell')} kept. {how}: {command}"


class TerminalWatcher:
    """Shows a session on the terminal and keeps its classic log."""

    def __init__(self, out: Console, err: Console) -> None:
        self._out = out
        self._err = err
        self._surroundings: Surroundings | None = None
        self._observer: LiveObserver | None = None
        self._store: RunStore | None = None
        self._host = Site.host

    def examined(self, checks: tuple[Check, ...]) -> None:
        *_, verdict = preflight.render(checks)
        self._out.print(f"{verdict.text} See make doctor.", style=verdict.style, markup=False)

    def setting_up(self, lab: Lab) -> None:
        self._surroundings = surroundings(lab) if lab.all_unit_names() else None
        self._host = lab.host
        print_notes(self._err, lab.notes)
        self._out.print(lab.beginning, markup=False)

    def observer(self, store: RunStore) -> LiveObserver:
        self._store = store
        log = ClassicLog(store.directory, self._host)
        self._observer = LiveObserver(self._out, log, self._surroundings)
        return self._observer

    def watch(self, work: Callable[[], RunRecord]) -> RunRecord:
        """The record that `work` returns. After a Ctrl-C it is said how to go on, and what fails in
        a run that has begun has it in its remedy.
        """
        try:
            return work()
        except (LabError, OSError) as error:
            told = error if isinstance(error, LabError) else refused(error)
            if told is None or self._store is None:
                raise
            told.remedy = "\n".join(filter(None, (told.remedy, _how_to_go_on(self._store, told))))
            if told is error:
                raise
            raise told from error
        except KeyboardInterrupt:
            self._close()
            self._say_how_to_go_on()
            raise
        finally:
            self._close()

    def _close(self) -> None:
        if self._observer:
            self._observer.close()

    def _say_how_to_go_on(self) -> None:
        if self._store is None:
            self._err.print(
                "Interrupted before the first cell; what this run had started is stopped."
            )
            return
        record, _ = self._store.read()
        if record.state == "complete":  # while what comes after the windows was under way
            told = f"Interrupted. {without_report(record.run_id)}"
            self._err.print(told, markup=False, soft_wrap=True)
            return
        how = "Go on:" if record.plan.is_resumable else "Again:"
        self._err.print(
            f"Interrupted. {len(record.cells)} finished cells are kept in {self._store.directory}; "
            "what this run had started is stopped.\n"
            f"{how:<8}{resume_command(record)}\n"
            f"Forget: rm -r {self._store.directory}",
            markup=False,
            soft_wrap=True,
        )
