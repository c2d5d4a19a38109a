"""The embedded supervisor: plain processes, for machines where no systemd can be reached.

Each unit has a record (`<state>/run/<unit>.json`) that names one process for ever (`Life`), so that
a stale record is told from a living process, and a log (`<state>/log/<unit>.log`). All processes of
a unit carry the record's path in their environment: what has left its parent and its session is
found by that. A unit that does not outlive the lab carries a parent-death signal: it ends even when
the lab is killed with -9.
"""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.errors import SetupError, UnitFailed
from bench.files import write_whole
from bench.kernel.life import (
    Life,
    is_out_of_sight,
    is_stopped,
    life_of,
    lives,
    lives_of,
    tell,
)
from bench.kernel.process import every_stat, process_environment
from bench.model import Memory, Role, Unit, UnitState, UnitStatus, Usage
from bench.supervise import changed, fingerprint, tail
from bench.supervise.guardian import Guardian
from bench.supervise.identity import Identities
from bench.supervise.ports import require_free_port
from bench.supervise.proctree import TreeClock, descendants, exact_cpu_s, tree_memory, tree_usage

STOP_PATIENCE_S = 20.0
MARK = "ONECORE_UNIT"
"""The variable that tells to which unit a process belongs."""

_SIGNALS = {"TERM": signal.SIGTERM, "INT": signal.SIGINT}


@dataclass(frozen=True)
class _Record:
    life: Life
    stop_signal: str
    fingerprint: str
    cpus: tuple[int, ...] = ()
    lab: Life | None = None
    """The lab that this unit ends with, if it does not outlive it."""

    def goes_on(self, *, outlive: bool) -> bool:
        """Whether the unit runs as long as is wanted: for ever, or for as long as this lab."""
        return self.lab is None or (self.lab == life_of(os.getpid()) and not outlive)

    def written(self) -> str:
        own = {
            "stop_signal": self.stop_signal,
            "fingerprint": self.fingerprint,
            "cpus": self.cpus,
            "lab": self.lab and asdict(self.lab),
        }
        return json.dumps(asdict(self.life) | own)


def _parse(text: str) -> _Record:
    """Raises ValueError, TypeError or KeyError on what `written` has not written."""
    told = json.loads(text)
    own = {name: told.pop(name) for name in ("stop_signal", "fingerprint")}
    cpus, lab = tuple(told.pop("cpus", ())), told.pop("lab")
    return _Record(Life(**told), **own, cpus=cpus, lab=Life(**lab) if lab else None)


_RUN_WHEN_TOLD = ("sh", "-c", 'read -r _ && exec "$@" </dev/null', "sh")
"""A prefix: the command runs once a line has come on standard input, and never if none comes.

So a lab that is killed before it has written a unit's record leaves no unit behind: the kernel
closes the pipe, and the shell ends instead of becoming a daemon that nobody knows.
"""

_RUN_INSTEAD = """
old=$1 ticks=$2 signal=$3
shift 3
there() {
    stat=$(sed 's/.*) //' "/proc/$old/stat" 2>/dev/null) || return 1
    case $stat in [ZX]*) return 1 ;; esac
    [ "$(echo "$stat" | cut -d' ' -f20)" = "$ticks" ]
}
if ! read -r _; then
    there && kill "-$signal" "$old"
    tenths=200
    while there && [ $tenths -gt 0 ]; do sleep 0.1; tenths=$((tenths - 1)); done
    there && kill -KILL "$old"
    while there; do sleep 0.1; done
fi
exec "$@" </dev/null
"""
"""Arguments: a process's number and starting tick, the signal that ends it, and a command, which
runs once a line has come on standard input. If the lab is killed before, that process is ended here
and the command runs all the same: what was started to stay does, also between two processes.
"""


def _ends_with_parent(stop_signal: str) -> tuple[str, ...]:
    """A prefix: the kernel sends the stop signal when the lab ends, however that happens.

    The shell looks once whether the lab has ended already, before there was anything to notice it.
    """
    still_there = '[ "$PPID" = "$0" ] && exec "$@"'
    setpriv = ("setpriv", f"--pdeathsig={stop_signal}", "--")
    return (*setpriv, "sh", "-c", still_there, str(os.getpid()))


def _let_run(process: subprocess.Popen[bytes]) -> None:
    """Tell a waiting process to run. One that has ended meanwhile is told of by its status."""
    assert process.stdin is not None
    with suppress(BrokenPipeError):
        process.stdin.write(b"\n")


class ProcessSupervisor:
    """Runs units as child processes of the lab, or as daemons when they outlive it.

    `identities` are asked for only when something is to be run: looking and stopping need none.
    """

    name = "process"

    def __init__(self, state: Path, identities: Callable[[], Identities]) -> None:
        self._run_dir = state / "run"
        self._log_dir = state / "log"
        self._identities = identities
        self._children: dict[int, subprocess.Popen[bytes]] = {}
        self._trees: dict[str, list[Life]] = {}
        """The processes of each frozen unit."""
        self._guardian = Guardian()
        self._clocks: dict[str, TreeClock] = {}

    # --- start and stop

    def start(self, unit: Unit, *, outlive: bool) -> bool:
        record = self._record(unit.name)
        same = record is not None and record.fingerprint == fingerprint(unit)
        if record and same and lives(record.life) and record.goes_on(outlive=outlive):
            self.thaw(unit.name)
            return False
        # Also of a unit that has died: what it left behind would hold its port.
        self.stop(unit.name)
        require_free_port(unit)
        for directory in (self._run_dir, self._log_dir):
            directory.mkdir(parents=True, exist_ok=True)
        log = self._log_path(unit.name)
        log.unlink(missing_ok=True)
        for command in unit.prepare:
            user = self._identities().of(unit.role)
            write_whole(log, user.run(command, unit.environment, unit.directory))
        with self._waiting(unit, _RUN_WHEN_TOLD, outlive=outlive) as process:
            self._write(unit, process, outlive=outlive)
            _let_run(process)
        return True

    def restart(self, unit: Unit) -> None:
        record = self._record(unit.name)
        if record is None or record.fingerprint != fingerprint(unit):
            raise changed(unit)
        self._require_in_sight(unit.name, record)
        outlive = record.lab is None
        old = (str(record.life.pid), str(record.life.started_ticks), record.stop_signal)
        instead = ("sh", "-c", _RUN_INSTEAD, "sh", *old)
        with self._waiting(unit, instead if outlive else _RUN_WHEN_TOLD, outlive=outlive) as new:
            self._write(unit, new, outlive=outlive)
            self._end(unit.name, record, sparing=(new.pid,))
            require_free_port(unit)
            _let_run(new)

    @contextmanager
    def _waiting(
        self, unit: Unit, until_told: tuple[str, ...], *, outlive: bool
    ) -> Iterator[subprocess.Popen[bytes]]:
        """The unit's process, which waits to be told to run."""
        cpus = ",".join(map(str, unit.cpus))
        # The user changes first: that would clear a parent-death signal set before.
        death = () if outlive else _ends_with_parent(unit.stop_signal)
        user = self._identities().of(unit.role).prefix
        # Pinned while it waits, too: nothing of a unit is ever off its CPUs.
        pinned = ("taskset", "--cpu-list", cpus, *until_told)
        with self._log_path(unit.name).open("ab") as output:
            process = subprocess.Popen(
                (*pinned, *user, *death, *unit.command),
                cwd=unit.directory,
                env={**unit.environment, MARK: str(self._path(unit.name))},
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C in the terminal is the lab's to handle
                bufsize=0,
            )
        self._children[process.pid] = process
        assert process.stdin is not None
        with process.stdin:
            yield process

    def stop(self, name: str) -> bool:
        record = self._record(name)
        if record:
            self._require_in_sight(name, record)
        by_itself = self._end(name, record)
        self._clocks.pop(name, None)
        self._path(name).unlink(missing_ok=True)
        return by_itself

    def _require_in_sight(self, name: str, record: _Record) -> None:
        """Raises SetupError where a process's number says nothing."""
        if is_out_of_sight(record.life):
            raise SetupError(
                f"{name} was started where other process ids hold (a container, or outside of this "
                "one), and cannot be seen from here",
                f"Stop it there: make down. If that place is gone: rm {self._path(name)}",
            )

    def _end(self, name: str, record: _Record | None, sparing: Collection[int] = ()) -> bool:
        """End all processes of a unit, and wait until they have; False when one had to be killed
        that was told to end.
        """
        tree = self._orphans(name, record)
        self.thaw(name)
        by_itself = True
        if record and lives(record.life):
            tree += [record.life, *lives_of(descendants(record.life.pid))]
            tell(record.life, _SIGNALS[record.stop_signal])
            by_itself = self._await_end(record.life)
        self._kill([process for process in tree if process.pid not in sparing])
        self._reap()
        return by_itself

    def _await_end(self, life: Life) -> bool:
        """Whether it ends within the patience that a unit is given."""
        deadline = time.monotonic() + STOP_PATIENCE_S
        while lives(life) and time.monotonic() < deadline:
            self._reap()
            time.sleep(0.02)
        return not lives(life)

    def _kill(self, tree: list[Life]) -> None:
        """Kill what is left of a unit: a server ends after its children, or dies before them."""
        survivors = [process for process in tree if lives(process)]
        _tell_all(survivors, signal.SIGKILL)
        while any(map(lives, survivors)):
            self._reap()
            time.sleep(0.02)

    def _orphans(self, name: str, record: _Record | None) -> list[Life]:
        """Processes of a unit whose first one may have died: a frozen worker, say, which cannot
        notice that. They are of its session, or were seen when it was frozen (PostgreSQL gives
        each process a session of its own), or carry its mark.
        """
        return [
            *self._trees.get(name, ()),
            *lives_of(_of_session(record.life) if record else ()),
            *lives_of(self._marked(name)),
        ]

    def _marked(self, name: str) -> Iterator[int]:
        """Processes that carry a unit's mark."""
        mark = str(self._path(name))
        for stat in every_stat():
            # Gone meanwhile, or not this user's: then it is none of ours.
            with suppress(OSError):
                if process_environment(stat.pid).get(MARK) == mark:
                    yield stat.pid

    def _reap(self) -> None:
        # The sampler's thread comes here too, while a unit is being restarted.
        for pid, child in list(self._children.items()):
            if child.poll() is not None:
                self._children.pop(pid, None)

    # --- freeze

    def freeze(self, name: str) -> None:
        frozen = self._trees.setdefault(name, [])
        # Again until none is new: what is not stopped yet may have had another child meanwhile.
        while new := [process for process in self._tree(name) if process not in frozen]:
            frozen += new
            # Before they are stopped: a lab that is killed in between leaves none of them frozen.
            self._watch_over_the_frozen()
            _tell_all(new, signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        # Also those whose parent has died meanwhile: nothing else would find them again.
        _tell_all([*self._trees.pop(name, ()), *self._tree(name)], signal.SIGCONT)
        self._watch_over_the_frozen()

    def _watch_over_the_frozen(self) -> None:
        self._guardian.watch(process.pid for tree in self._trees.values() for process in tree)

    def _tree(self, name: str) -> list[Life]:
        """The processes of a unit that runs."""
        record = self._record(name)
        if record is None or not lives(record.life):
            return []
        return lives_of(descendants(record.life.pid))

    # --- look

    def status(self, name: str) -> UnitStatus:
        self._reap()
        record = self._record(name)
        if record is None:
            torn = self._path(name).exists()
            return (
                UnitStatus("failed", detail="its record is torn") if torn else UnitStatus("stopped")
            )
        if is_out_of_sight(record.life):
            return UnitStatus("failed", detail="it was started where other process ids hold")
        if not lives(record.life):
            return UnitStatus("failed", detail="it ended without being asked to")
        state: UnitState = "frozen" if is_stopped(record.life) else "running"
        return UnitStatus(state, record.life.pid)

    def placed(self, name: str) -> tuple[int, ...]:
        record = self._record(name)
        return record.cpus if record else ()

    def overrides(self, name: str) -> tuple[str, ...]:
        del name  # nobody else has a say
        return ()

    def names(self) -> tuple[str, ...]:
        return tuple(sorted(path.stem for path in self._run_dir.glob("*.json")))

    def cpu_s(self, name: str) -> float:
        # Several times a second: the record and its process are looked up only when there is need.
        clock = self._clocks.get(name)
        with suppress(ProcessLookupError):
            if clock is not None:
                return clock.cpu_s()
        self._clocks[name] = TreeClock(self._pid(name))
        try:
            return self._clocks[name].cpu_s()
        except ProcessLookupError as error:
            raise UnitFailed(f"{name} has just ended") from error

    def counted_pid(self, name: str) -> int | None:
        clock = self._clocks.get(name)
        return clock.root if clock else None

    def cpu_clock(self, name: str) -> Callable[[], float]:
        root = self._pid(name)

        def read() -> float:
            try:
                return exact_cpu_s(root)
            except (ProcessLookupError, FileNotFoundError) as error:
                raise UnitFailed(f"{name} has just ended") from error

        return read

    def usage(self, name: str) -> Usage:
        return tree_usage(self._pid(name))

    def memory(self, name: str) -> Memory | None:
        return tree_memory(self._pid(name))

    def log_source(self, name: str) -> str:
        return str(self._log_path(name))

    def log(self, name: str) -> str:
        path = self._log_path(name)
        return path.read_text(errors="replace") if path.exists() else ""

    def log_tail(self, name: str, lines: int = 20) -> str:
        return tail(self.log(name), lines)

    # --- help for those who prepare units

    def run(self, command: tuple[str, ...], environment: Mapping[str, str], directory: Path) -> str:
        return self._identities().databases.run(command, environment, directory)

    def own(self, path: Path, role: Role) -> None:
        self._identities().of(role).own(path)

    # --- records

    def _log_path(self, name: str) -> Path:
        return self._log_dir / f"{name}.log"

    def _path(self, name: str) -> Path:
        return self._run_dir / f"{name}.json"

    def _record(self, name: str) -> _Record | None:
        # Torn, or of an older version: it stays until the unit is stopped, by its mark.
        with suppress(FileNotFoundError, ValueError, TypeError, KeyError, AttributeError):
            return _parse(self._path(name).read_text())
        return None

    def _write(self, unit: Unit, process: subprocess.Popen[bytes], *, outlive: bool) -> None:
        lab = None if outlive else life_of(os.getpid())
        life = life_of(process.pid)
        record = _Record(life, unit.stop_signal, fingerprint(unit), unit.cpus, lab)
        write_whole(self._path(unit.name), record.written())

    def _pid(self, name: str) -> int:
        status = self.status(name)
        if status.pid is None:
            why = status.detail or "it was stopped"
            raise UnitFailed(f"{name} is not running: {why}\n{self.log_tail(name)}")
        return status.pid


def _of_session(life: Life) -> list[int]:
    """Processes of the session that one began, which may have ended; none when it was in another
    boot or namespace, or its number is another process's by now.
    """
    with suppress(FileNotFoundError, ProcessLookupError):
        if life_of(life.pid) != life:
            return []
    here = life_of(os.getpid())
    if (life.boot, life.namespace) != (here.boot, here.namespace):
        return []
    return [stat.pid for stat in every_stat() if stat.session == life.pid]


def _tell_all(tree: Iterable[Life], number: signal.Signals) -> None:
    for life in tree:
        tell(life, number)
