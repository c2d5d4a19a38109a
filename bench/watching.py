"""A session as a person at a terminal sees it, from the first check to the way out."""

from collections.abc import Callable, Mapping

from rich.console import Console

from bench import preflight
from bench.experiment.lab import Lab
from bench.host.cpus import TICK_S, cpu_ticks
from bench.model import RunRecord
from bench.preflight import Check
from bench.report.classic import ClassicLog
from bench.report.live import LiveObserver, Surroundings
from bench.store import RunStore


def print_notes(console: Console, notes: tuple[str, ...]) -> None:
    """What the lab found out about this machine and the user may want to know."""
    for note in notes:
        console.print(f"note: {note}", style="cyan", markup=False, soft_wrap=True)


def surroundings(lab: Lab) -> Surroundings:
    """What the live display must know of this lab."""
    return Surroundings(lab.unit_names, lab.placement_of, _busy_s)


def _busy_s() -> Mapping[int, float]:
    return {cpu: ticks.busy * TICK_S for cpu, ticks in cpu_ticks().items()}


class TerminalWatcher:
    """Shows a session on the terminal and keeps its classic log."""

    def __init__(self, out: Console, err: Console) -> None:
        self._out = out
        self._err = err
        self._surroundings: Surroundings | None = None
        self._observer: LiveObserver | None = None
        self._store: RunStore | None = None

    def examined(self, checks: tuple[Check, ...]) -> None:
        *_, verdict = preflight.render(checks)
        self._out.print(f"{verdict.text} See make doctor.", style=verdict.style, markup=False)

    def setting_up(self, lab: Lab) -> None:
        self._surroundings = surroundings(lab)
        print_notes(self._err, lab.notes)
        names = ", ".join(target.label for target in lab.targets)
        self._out.print(f"Starting {names}, each with its PostgreSQL {lab.binaries.version} ...")

    def observer(self, store: RunStore) -> LiveObserver:
        self._store = store
        self._observer = LiveObserver(self._out, ClassicLog(store.directory), self._surroundings)
        return self._observer

    def watch(self, work: Callable[[], RunRecord]) -> RunRecord:
        try:
            return work()
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
            self._err.print("Interrupted before the first cell; nothing was left running.")
            return
        record, _ = self._store.read()
        self._err.print(
            f"Interrupted. {len(record.cells)} finished cells are kept in {self._store.directory}; "
            "nothing was left running.\n"
            f"Go on:  make bench RESUME={record.run_id}\n"
            f"Forget: rm -r {self._store.directory}",
            markup=False,
            soft_wrap=True,
        )
