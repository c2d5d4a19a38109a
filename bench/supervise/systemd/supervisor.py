"""Runs units under a systemd manager.

Each unit that the lab runs has a drop-in with the lab's mark: that is its record, and the units'
folder is the only place where anything is kept. What ends with the lab is bound to
`onecore-guard.service`, which waits for a lock that the lab's process holds, and thaws everything.
"""

import fcntl
import shlex
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from itertools import product, takewhile
from pathlib import Path
from typing import TextIO

from bench.errors import LabBusy, SetupError, UnitFailed
from bench.files import write_whole
from bench.kernel.process import GONE, process_environment, process_status
from bench.model import Memory, Role, Unit, UnitState, UnitStatus, Usage
from bench.placement import format_cpulist, parse_cpulist
from bench.supervise import changed, tail
from bench.supervise.identity import Identity
from bench.supervise.ports import require_free_port
from bench.supervise.proctree import sizes_of, usage_of
from bench.supervise.systemd.cgroup import Cgroup
from bench.supervise.systemd.cpuset import keep_cpuset
from bench.supervise.systemd.journal import journal_command, journal_of, log_began_unix_s
from bench.supervise.systemd.keeper import forget, keeper_of, remember
from bench.supervise.systemd.manager import Manager, first_line
from bench.supervise.systemd.units import (
    LAB_DROP_IN,
    Local,
    foreign_variables,
    lab_drop_in,
    marks,
    placed_by,
    read_templates,
    render,
    shared_files,
    systemd_name,
    template_files,
)

_GUARD_DROP_IN = "95-guard.conf"
_GUARD_TEMPLATE = "onecore-guard.service"
_GUARD_PATIENCE_S = 20.0
_RUNNING = {"active", "reloading", "activating", "deactivating"}


@dataclass
class _Seen:
    """What the lab knows of a running unit: its main process when last looked at."""

    cgroup: Cgroup
    main_pid: int


@dataclass(frozen=True)
class Outfit:
    """What units are made with: their user, what the templates leave open, and this machine's."""

    identity: Identity
    values: Mapping[str, str]
    local: Local
    root: bool


@dataclass
class SystemdSupervisor:
    """One lab's units under one manager. `lab` is what their names begin with.

    The outfit is asked for only when something is to be run: looking and stopping need none.
    """

    manager: Manager
    lab: str
    templates: Path
    state: Path
    outfit: Callable[[], Outfit]
    _seen: dict[str, _Seen] = field(default_factory=dict)
    _lock: TextIO | None = None

    @property
    def name(self) -> str:
        return f"systemd ({self.manager.scope})"

    # --- start and stop

    def start(self, unit: Unit, *, outlive: bool) -> bool:
        name, files = self._description(unit)
        self._require_ours(unit, self._drop_in(name))
        same = self._is_described_by(name, files)
        goes_on = not (self._is_bound(name) if outlive else self._is_ending(name))
        if same and goes_on and self.status(unit.name).pid is not None:
            self.thaw(unit.name)
            return False
        self.stop(unit.name)
        require_free_port(unit)
        if not outlive:
            files[f"{name}.d/{_GUARD_DROP_IN}"] = (
                f"[Unit]\nBindsTo={self._guard}\nAfter={self._guard}\n"
            )
        try:
            self._write(files)
            remember(keeper_of(self.manager, self.lab), self.state)
            if not outlive:
                self._hold_guard()
            self._start(unit, name, outlive=outlive)
            self._require_environment(unit, files)
        except BaseException:
            self.stop(unit.name)
            raise
        return True

    def restart(self, unit: Unit) -> None:
        name, files = self._description(unit)
        if not self._is_described_by(name, files):
            raise changed(unit)
        self.thaw(unit.name)
        self._call(unit, name, "restart")
        self._require_environment(unit, files)

    def _description(self, unit: Unit) -> tuple[str, dict[str, str]]:
        """systemd's name of a unit, and the files that describe it."""
        templates = read_templates(self.templates)
        name = systemd_name(unit.name, self.lab, templates)
        outfit = self.outfit()
        shared = shared_files(templates, outfit.values, self.lab, root=outfit.root)
        own = template_files(unit, templates, outfit.values, self.lab, root=outfit.root)
        described = {**shared, **own}
        needed = (systemd_name(each, self.lab, templates) for each in unit.needs)
        handed = self.manager.environment_names()
        drop_in = lab_drop_in(unit, outfit.local, described, needed, handed)
        return name, {**described, f"{name}.d/{LAB_DROP_IN}": drop_in}

    def _is_described_by(self, name: str, files: Mapping[str, str]) -> bool:
        """Whether the unit was started from these very files, and nobody has edited them since."""
        now = marks(files[f"{name}.d/{LAB_DROP_IN}"])
        if marks(self._drop_in(name)).get("Fingerprint") != now["Fingerprint"]:
            return False
        paths = ((self.manager.folder / path, text) for path, text in files.items())
        return all(path.exists() and path.read_text() == text for path, text in paths)

    def _require_ours(self, unit: Unit, there: str) -> None:
        owner = marks(there).get("State", str(self.state))
        if owner != str(self.state):
            raise SetupError(
                f"{unit.name} is a unit of another lab, which keeps its state in {owner}",
                "Run `make down` there, or move this lab's ports: PORT_OFFSET=1000.",
            )

    def _require_heard(self, files: Mapping[str, str]) -> None:
        """systemd takes a file from the first of its folders that has one by that name."""
        before = takewhile(lambda folder: folder != self.manager.folder, self.manager.folders())
        for folder, (path, text) in product(before, files.items()):
            other = folder / path
            if other.exists() and other.read_text() != text:
                raise SetupError(
                    f"{other} says otherwise than this lab, and systemd would follow it: another "
                    "installation declares these units",
                    "Measure with that installation's own command (`onecore bench` on NixOS), "
                    "remove it, or use other units and ports: PORT_OFFSET=1000.",
                )

    def _start(self, unit: Unit, name: str, *, outlive: bool) -> None:
        self._call(unit, name, "start")
        if outlive:
            wants = self.manager.folder / f"{self.lab}.target.wants"
            wants.mkdir(exist_ok=True)
            link = wants / name
            if not link.is_symlink():
                link.symlink_to(f"../{name}")
            self.manager.tell("daemon-reload")
            self.manager.tell("start", f"{self.lab}.target")

    def _call(self, unit: Unit, name: str, verb: str) -> None:
        """Let systemd start or restart the unit, on its CPUs."""
        self.manager.ask("reset-failed", name)
        self._seen.pop(unit.name, None)
        done = self.manager.ask(verb, name)
        if done.returncode != 0:
            raise UnitFailed(
                f"{unit.name} did not {verb}: {first_line(done.stderr) or 'no reason given'}\n"
                f"Its log:\n{self.log_tail(unit.name)}"
            )
        # Again: while it was being restarted, the sampler may have looked at the processes before.
        self._seen.pop(unit.name, None)
        self._require_cpus(unit)

    def _require_environment(self, unit: Unit, files: Mapping[str, str]) -> None:
        """Somebody else's file may add variables to a unit, or change them."""
        pid = self.status(unit.name).pid
        if pid is None:
            return  # ended already: whoever waits for it says so
        with suppress(*GONE, PermissionError):
            if found := foreign_variables(process_environment(pid), unit, files):
                others = self.overrides(unit.name)
                raise SetupError(
                    f"{unit.name} runs with {', '.join(found)}, which this lab did not give it",
                    "Somebody else's file sets that: look at "
                    f"{' '.join(others) or '`systemctl show-environment`'}",
                )

    def _require_cpus(self, unit: Unit) -> None:
        """systemd may run a unit on other CPUs than it was told, without a word."""
        pid = self.status(unit.name).pid
        if pid is None:
            return  # ended already: whoever waits for it says so
        with suppress(*GONE):
            allowed = parse_cpulist(process_status(pid)["Cpus_allowed_list"])
            if allowed != tuple(sorted(unit.cpus)):
                raise SetupError(
                    f"{unit.name} was to run on CPUs {format_cpulist(unit.cpus)}, "
                    f"but systemd runs it on {format_cpulist(allowed)}",
                    "Another setting confines it: `systemctl show -p EffectiveCPUs "
                    f"{self._systemd_name(unit.name)}` and its slice.",
                )

    def stop(self, name: str) -> bool:
        # Also before a start: what is bound to this process may end without a stop.
        keep_cpuset(self.manager)
        unit = self._systemd_name(name)
        if unit is None:
            return True
        self.thaw(name)
        self.manager.tell("stop", unit)
        by_itself = self.manager.show(unit, ("Result",))["Result"] != "timeout"
        self.manager.ask("reset-failed", unit)
        self._seen.pop(name, None)
        self._forget(unit)
        return by_itself

    # --- what is written, and removed again

    def _write(self, files: Mapping[str, str]) -> None:
        """Write what is not there yet as it should be, and let systemd read it.

        A folder of drop-ins then has these and no others: what a template has no more is gone.
        Raises SetupError when systemd would not follow them; nothing has been written then.
        """
        self._require_heard(files)
        folder = self.manager.folder
        for drop_ins in {(folder / path).parent for path in files} - {folder}:
            for there in drop_ins.glob("*"):
                if str(there.relative_to(folder)) not in files:
                    there.unlink()
        for path, text in files.items():
            file = folder / path
            if not file.exists() or file.read_text() != text:
                file.parent.mkdir(parents=True, exist_ok=True)
                write_whole(file, text)
        self.manager.tell("daemon-reload")

    def _forget(self, unit: str) -> None:
        folder = self.manager.folder
        shutil.rmtree(folder / f"{unit}.d", ignore_errors=True)
        (folder / f"{self.lab}.target.wants" / unit).unlink(missing_ok=True)
        template, at, _ = unit.partition("@")
        file = f"{template}@.service" if at else unit
        siblings = any(folder.glob(f"{template}@?*.service.d/{LAB_DROP_IN}")) if at else False
        if not siblings:
            (folder / file).unlink(missing_ok=True)
            shutil.rmtree(folder / f"{file}.d", ignore_errors=True)
        if not self.names():
            self._release_guard()
            self._forget_all()
        self.manager.tell("daemon-reload")

    def _forget_all(self) -> None:
        """Nothing of the lab is left: neither in memory nor on disk."""
        folder = self.manager.folder
        if (folder / f"{self.lab}.slice").exists():
            self.manager.ask("stop", f"{self.lab}.target", f"{self.lab}.slice")
        for kind in ("slice", "target"):
            (folder / f"{self.lab}.{kind}").unlink(missing_ok=True)
        shutil.rmtree(folder / f"{self.lab}-.service.d", ignore_errors=True)
        shutil.rmtree(folder / f"{self.lab}.target.wants", ignore_errors=True)
        forget(keeper_of(self.manager, self.lab), self.state)

    # --- the guard

    @property
    def _guard(self) -> str:
        return f"{self.lab}-guard.service"

    def _is_ending(self, unit: str) -> bool:
        """Whether the unit ends with another lab, which is over: nothing else holds two of them."""
        return self._is_bound(unit) and self._lock is None

    def _is_bound(self, unit: str) -> bool:
        return (self.manager.folder / f"{unit}.d" / _GUARD_DROP_IN).exists()

    def _hold_guard(self) -> None:
        """From here on, the end of this process is noticed. Raises LabBusy."""
        if self._lock is not None:
            return
        lock = (self.state / "guard").open("w")
        deadline = time.monotonic() + _GUARD_PATIENCE_S
        while True:  # an earlier guard may be just about to end
            with suppress(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            if time.monotonic() > deadline:
                raise LabBusy("another process runs services of this lab", "Wait for it to end.")
            time.sleep(0.02)
        # The kernel lets the lock go when this process ends, however that happens.
        self._lock = lock
        self.manager.ask("stop", self._guard)
        text = read_templates(self.templates)[_GUARD_TEMPLATE]
        values = {**self.outfit().values, "scope": self.manager.scope}
        self._write({self._guard: render(text, values, self.lab)})
        self.manager.tell("start", self._guard)

    def _release_guard(self) -> None:
        if (self.manager.folder / self._guard).exists():
            self.manager.ask("stop", self._guard)
            (self.manager.folder / self._guard).unlink(missing_ok=True)
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    # --- freeze

    def freeze(self, name: str) -> None:
        self._hold_guard()  # nothing stays frozen when this process can no longer thaw it
        unit = self._systemd_name(name)
        if unit is None:
            return
        done = self.manager.ask("freeze", unit)
        if done.returncode != 0 and self.status(name).state == "running":
            raise UnitFailed(f"systemd cannot freeze {name}: {done.stderr.strip()}")

    def thaw(self, name: str) -> None:
        unit = self._systemd_name(name)
        if unit is None or self.manager.ask("thaw", unit).returncode == 0:
            return
        # systemd thaws what is active and nothing else. What is about to end, or to be started
        # again, may still have frozen processes in its cgroup: the kernel is told directly.
        cgroup = Cgroup(self.manager.show(unit)["ControlGroup"])
        cgroup.thaw()
        if cgroup.is_frozen():
            raise UnitFailed(f"{name} cannot be thawed")

    # --- look

    def status(self, name: str) -> UnitStatus:
        unit = self._systemd_name(name)
        if unit is None:
            return UnitStatus("stopped")
        shown = self.manager.show(unit)
        main_pid = int(shown.get("MainPID") or 0) or None
        if shown["ActiveState"] not in _RUNNING or shown["SubState"].startswith("auto-restart"):
            return UnitStatus("failed", detail=_how_it_ended(shown))
        frozen = Cgroup(shown["ControlGroup"]).is_frozen()
        state: UnitState = "frozen" if frozen else "running"
        restarts = int(shown.get("NRestarts") or 0)
        times = "once" if restarts == 1 else f"{restarts} times"
        detail = f"ended by itself {times}, and was started again" if restarts else ""
        return UnitStatus(state, main_pid, detail)

    def placed(self, name: str) -> tuple[int, ...]:
        unit = self._systemd_name(name)
        return placed_by(self._drop_in(unit)) if unit else ()

    def overrides(self, name: str) -> tuple[str, ...]:
        unit = self._systemd_name(name)
        if unit is None:
            return ()
        paths = self.manager.show(unit, ("DropInPaths",))["DropInPaths"].split()
        return tuple(path for path in paths if Path(path).parents[1] != self.manager.folder)

    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self._records()))

    def cpu_s(self, name: str) -> float:
        with self._explained(name):
            return self._look(name).cgroup.cpu_s()

    def counted_pid(self, name: str) -> int | None:
        seen = self._seen.get(name)
        return seen.main_pid if seen else None

    def cpu_clock(self, name: str) -> Callable[[], float]:
        with self._explained(name):
            cgroup = self._look(name).cgroup

        def read() -> float:
            with self._explained(name):
                return cgroup.cpu_s()

        return read

    def usage(self, name: str) -> Usage:
        with self._explained(name):
            seen = self._look(name)
            cpu_s = seen.cgroup.cpu_s()
            pids = seen.cgroup.pids()
            if seen.main_pid in pids:
                return replace(usage_of(pids, cpu_s), pressure=seen.cgroup.pressure())
        del self._seen[name]
        self._look(name)
        raise UnitFailed(
            f"{name} died and systemd has started it again. Its log:\n{self.log_tail(name)}"
        )

    def memory(self, name: str) -> Memory | None:
        with self._explained(name):
            cgroup = self._look(name).cgroup
            return cgroup.memory(sizes_of(cgroup.pids()))

    def _look(self, name: str) -> _Seen:
        """Where to read a running unit's counters; systemd is asked once. Raises UnitFailed."""
        if name not in self._seen:
            status = self.status(name)
            unit = self._systemd_name(name)
            if status.pid is None or unit is None:
                why = status.detail or "it was stopped"
                raise UnitFailed(f"{name} is not running: {why}\n{self.log_tail(name)}")
            cgroup = Cgroup(self.manager.show(unit)["ControlGroup"])
            self._seen[name] = _Seen(cgroup, status.pid)
        return self._seen[name]

    @contextmanager
    def _explained(self, name: str) -> Iterator[None]:
        try:
            yield
        except OSError:  # a file that was open already when the cgroup went gives ENODEV
            self._seen.pop(name, None)
            self._look(name)  # says so when it has ended
            raise UnitFailed(f"the cgroup of {name} cannot be read") from None

    # --- logs

    def log_source(self, name: str) -> str:
        return shlex.join(journal_command(self._described_name(name)))

    def log(self, name: str) -> str:
        unit = self._systemd_name(name)
        since_unix_s = None if unit is None else log_began_unix_s(self.manager, unit)
        return journal_of(self._described_name(name), since_unix_s)

    def log_tail(self, name: str, lines: int = 20) -> str:
        return tail(self.log(name), lines)

    def _described_name(self, name: str) -> str:
        """What systemd calls a unit, whether it runs or not."""
        return systemd_name(name, self.lab, read_templates(self.templates))

    # --- help for those who prepare units

    def run(self, command: tuple[str, ...], environment: Mapping[str, str], directory: Path) -> str:
        return self.outfit().identity.run(command, environment, directory)

    def own(self, path: Path, role: Role) -> None:
        del role  # an app's unit hides the state folder, and is handed what is its own
        self.outfit().identity.own(path)

    # --- records

    def _drop_in(self, unit: str) -> str:
        try:
            return (self.manager.folder / f"{unit}.d" / LAB_DROP_IN).read_text()
        except FileNotFoundError:
            return ""

    def _records(self) -> dict[str, str]:
        """systemd's name of each unit that this lab has on record, by the lab's name."""
        found = {}
        for path in self.manager.folder.glob(f"{self.lab}-*.service.d/{LAB_DROP_IN}"):
            mark = marks(path.read_text())
            if mark.get("State") == str(self.state):
                found[mark["Name"]] = path.parent.name.removesuffix(".d")
        return found

    def _systemd_name(self, name: str) -> str | None:
        return self._records().get(name)


def _how_it_ended(shown: Mapping[str, str]) -> str:
    """In words, e.g. `it ended (exit-code, status 3)`."""
    result = shown.get("Result", "")
    again = ", and is about to be started again" if shown["SubState"].startswith("auto") else ""
    return f"it ended ({result}, status {shown.get('ExecMainStatus', '?')}){again}"
