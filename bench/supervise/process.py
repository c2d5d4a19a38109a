"""The embedded supervisor: plain processes, for machines where no systemd can be reached.

Each unit has a record (`<state>/run/<unit>.json`) with its pid and the pid's start time, so that
a stale record is told from a living process, and a log (`<state>/log/<unit>.log`). A unit that
does not outlive the lab carries a parent-death signal: it ends even when the lab is killed with -9.
"""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from bench.errors import UnitFailed
from bench.files import write_whole
from bench.model import Memory, Unit, UnitStatus, Usage
from bench.supervise import changed, fingerprint, tail
from bench.supervise.guardian import Guardian
from bench.supervise.identity import Identity
from bench.supervise.ports import require_free_port
from bench.supervise.proctree import TreeClock, descendants, exact_cpu_s, tree_memory, tree_usage

STOP_PATIENCE_S = 20.0
_SIGNALS = {"TERM": signal.SIGTERM, "INT": signal.SIGINT}


@dataclass(frozen=True)
class _Record:
    pid: int
    started: float
    stop_signal: str
    fingerprint: str
    lab: int | None = None
    """The pid of the lab that this unit ends with, if it does not outlive it."""

    def goes_on(self, *, outlive: bool) -> bool:
        """Whether the unit runs as long as is wanted: for ever, or for as long as this lab."""
        return self.lab is None or (self.lab == os.getpid() and not outlive)


_RUN_WHEN_TOLD = ("sh", "-c", 'read -r _ && exec "$@" </dev/null', "sh")
"""A prefix: the command runs once a line has come on standard input, and never if none comes.

So a lab that is killed before it has written a unit's record leaves no unit behind: the kernel
closes the pipe, and the shell ends instead of becoming a daemon that nobody knows.
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


def _runs(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def _alive(record: _Record) -> psutil.Process | None:
    """The recorded process, unless it has ended or its pid belongs to another one by now."""
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(record.pid)
        if abs(process.create_time() - record.started) < 1.0 and _runs(process):
            return process
    return None


def _taken_over(record: _Record) -> bool:
    """Whether the pid is another process's by now. Then no session of that number is left."""
    with suppress(psutil.NoSuchProcess):
        return abs(psutil.Process(record.pid).create_time() - record.started) >= 1.0
    return False


class ProcessSupervisor:
    """Runs units as child processes of the lab, or as daemons when they outlive it."""

    name = "process"

    def __init__(self, state: Path, identity: Identity) -> None:
        self._run_dir = state / "run"
        self._log_dir = state / "log"
        self._identity = identity
        self._children: dict[int, subprocess.Popen[bytes]] = {}
        self._trees: dict[str, list[psutil.Process]] = {}
        """The processes of each frozen unit."""
        self._guardian = Guardian()
        self._clocks: dict[str, TreeClock] = {}
        for directory in (self._run_dir, self._log_dir):
            directory.mkdir(parents=True, exist_ok=True)

    # --- start and stop

    def start(self, unit: Unit, *, outlive: bool) -> bool:
        record = self._record(unit.name)
        same = record is not None and record.fingerprint == fingerprint(unit)
        if record and same and _alive(record) and record.goes_on(outlive=outlive):
            self.thaw(unit.name)
            return False
        # Also of a unit that has died: what it left behind would hold its port.
        self.stop(unit.name)
        require_free_port(unit)
        log = self._log_path(unit.name)
        log.unlink(missing_ok=True)
        for command in unit.prepare:
            write_whole(log, self.run(command, unit.environment, unit.directory))
        self._launch(unit, outlive=outlive)
        return True

    def renew(self, unit: Unit) -> None:
        record = self._record(unit.name)
        if record is None or record.fingerprint != fingerprint(unit):
            raise changed(unit)
        self.stop(unit.name)
        require_free_port(unit)
        self._launch(unit, outlive=record.lab is None)

    def _launch(self, unit: Unit, *, outlive: bool) -> None:
        with self._waiting(unit, outlive=outlive) as process:
            self._write(unit, process, outlive=outlive)
            _let_run(process)

    @contextmanager
    def _waiting(self, unit: Unit, *, outlive: bool) -> Iterator[subprocess.Popen[bytes]]:
        """The unit's process, which waits to be told to run; it ends when it is not told to."""
        cpus = ",".join(map(str, unit.cpus))
        # The user changes first: that would clear a parent-death signal set before.
        death = () if outlive else _ends_with_parent(unit.stop_signal)
        pinned = ("taskset", "--cpu-list", cpus, *self._identity.prefix, *death, *unit.command)
        with self._log_path(unit.name).open("ab") as output:
            process = subprocess.Popen(
                (*_RUN_WHEN_TOLD, *pinned),
                cwd=unit.directory,
                env=dict(unit.environment),
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

    def stop(self, name: str) -> None:
        record = self._record(name)
        process = record and _alive(record)
        tree = self._orphans(name, record) if record else []
        self.thaw(name)
        if record and process:
            tree += [process, *process.children(recursive=True)]
            process.send_signal(_SIGNALS[record.stop_signal])
            self._await_end(process)
        self._kill(tree)
        self._reap()
        self._clocks.pop(name, None)
        self._path(name).unlink(missing_ok=True)

    def _await_end(self, process: psutil.Process) -> None:
        deadline = time.monotonic() + STOP_PATIENCE_S
        while _runs(process) and time.monotonic() < deadline:
            self._reap()
            time.sleep(0.02)

    def _kill(self, tree: list[psutil.Process]) -> None:
        """Kill what is left of a unit: a server ends after its children, or dies before them."""
        survivors = [one for one in tree if _runs(one)]
        for survivor in survivors:
            with suppress(psutil.NoSuchProcess):
                survivor.kill()
        while any(map(_runs, survivors)):
            self._reap()
            time.sleep(0.02)

    def _orphans(self, name: str, record: _Record) -> list[psutil.Process]:
        """Processes of a unit whose first one may have died: a frozen worker, say, which cannot
        notice that. They are of its session, or were seen when it was frozen (PostgreSQL gives
        each process a session of its own).
        """
        found = list(self._trees.get(name, ()))
        if _taken_over(record):
            return found
        for pid in psutil.pids():
            with suppress(ProcessLookupError, PermissionError, psutil.NoSuchProcess):
                if os.getsid(pid) == record.pid:
                    found.append(psutil.Process(pid))
        return found

    def _reap(self) -> None:
        # The sampler's thread comes here too, while a unit is being renewed.
        for pid, child in list(self._children.items()):
            if child.poll() is not None:
                self._children.pop(pid, None)

    # --- freeze

    def freeze(self, name: str) -> None:
        frozen = self._trees.setdefault(name, [])
        # Again until none is new: what is not stopped yet may have had another child meanwhile.
        while new := [one for one in self._tree(name) if one not in frozen]:
            frozen += new
            # Before they are stopped: a lab that is killed in between leaves none of them frozen.
            self._watch_over_the_frozen()
            _signal(new, signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        # Also those whose parent has died meanwhile: nothing else would find them again.
        _signal([*self._trees.pop(name, ()), *self._tree(name)], signal.SIGCONT)
        self._watch_over_the_frozen()

    def _watch_over_the_frozen(self) -> None:
        self._guardian.watch(one.pid for tree in self._trees.values() for one in tree)

    def _tree(self, name: str) -> list[psutil.Process]:
        """The processes of a unit that runs."""
        found = []
        record = self._record(name)
        for pid in descendants(record.pid) if record and _alive(record) else ():
            with suppress(psutil.NoSuchProcess):
                found.append(psutil.Process(pid))
        return found

    # --- look

    def status(self, name: str) -> UnitStatus:
        self._reap()
        record = self._record(name)
        if record is None:
            return UnitStatus("stopped")
        process = _alive(record)
        if process is None:
            return UnitStatus("failed", detail="it ended without being asked to")
        frozen = process.status() == psutil.STATUS_STOPPED
        return UnitStatus("frozen" if frozen else "running", record.pid, record.started)

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
        return self._identity.run(command, environment, directory)

    def own(self, path: Path) -> None:
        self._identity.own(path)

    # --- records

    def _log_path(self, name: str) -> Path:
        return self._log_dir / f"{name}.log"

    def _path(self, name: str) -> Path:
        return self._run_dir / f"{name}.json"

    def _record(self, name: str) -> _Record | None:
        path = self._path(name)
        try:
            return _Record(**json.loads(path.read_text()))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError):  # torn by a full disk or an older version
            path.unlink(missing_ok=True)
            return None

    def _write(self, unit: Unit, process: subprocess.Popen[bytes], *, outlive: bool) -> None:
        started = psutil.Process(process.pid).create_time()
        lab = None if outlive else os.getpid()
        record = _Record(process.pid, started, unit.stop_signal, fingerprint(unit), lab)
        write_whole(self._path(unit.name), json.dumps(asdict(record)))

    def _pid(self, name: str) -> int:
        status = self.status(name)
        if status.pid is None:
            why = status.detail or "it was stopped"
            raise UnitFailed(f"{name} is not running: {why}\n{self.log_tail(name)}")
        return status.pid


def _signal(tree: list[psutil.Process], number: signal.Signals) -> None:
    for process in tree:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)
