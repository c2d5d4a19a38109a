"""Which manager keeps this lab's units, for whoever comes later and cannot see that manager.

A user's manager is reached by that user alone, from a session. Anybody else would take a lab that
runs for one that does not: so a supervisor leaves the manager's name in the lab's state folder.
"""

import json
import os
import shlex
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from bench.errors import SetupError
from bench.files import write_whole
from bench.supervise.identity import user_name
from bench.supervise.systemd.cgroup import Cgroup
from bench.supervise.systemd.manager import Manager

_FOLDER = "managers"
_BOOT = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class Keeper:
    """A manager that was given units of a lab: whose it is, and where they run.

    `slice` is the cgroup of all the lab's units, `runtime` the manager's XDG_RUNTIME_DIR ("" for
    the machine's own), `boot` the machine's start in which this was written.
    """

    scope: Literal["system", "user"]
    uid: int
    runtime: str
    slice: str
    boot: str

    def is_reached_by(self, manager: Manager) -> bool:
        """Whether this caller's `manager` is the one."""
        mine = os.environ.get("XDG_RUNTIME_DIR", "") if manager.scope == "user" else ""
        return (self.scope, self.uid, self.runtime) == (manager.scope, os.geteuid(), mine)

    def runs_units(self) -> bool:
        """Whether a process of the lab is there: units end with their manager and the machine."""
        if self.boot != _boot():
            return False
        try:
            return Cgroup(self.slice).folder.exists()
        except FileNotFoundError:
            return False

    @property
    def described(self) -> str:
        """Whose systemd it is, for an error message; a user's with its XDG_RUNTIME_DIR."""
        if self.scope == "system":
            return "the machine's systemd"
        return f"the systemd of user {user_name(self.uid)} ({self.runtime})"

    def command(self, verb: str) -> str:
        """What calls a verb of this same lab where this manager can be reached."""
        sudo = [] if self.uid == os.geteuid() else ["sudo", "-u", user_name(self.uid)]
        names = ("ONECORE_STATE", "PORT_OFFSET")
        variables = {name: os.environ[name] for name in names if os.environ.get(name)}
        if self.scope == "user":
            variables["XDG_RUNTIME_DIR"] = self.runtime
        given = [f"{name}={value}" for name, value in variables.items()]
        return shlex.join([*sudo, "env", *given, sys.executable, "-m", "bench", verb])


def keeper_of(manager: Manager, lab: str) -> Keeper:
    """This caller's `manager`, as the keeper of the units of a lab by that name."""
    runtime = os.environ["XDG_RUNTIME_DIR"] if manager.scope == "user" else ""
    group = f"{manager.cgroup.rstrip('/')}/{lab}.slice"
    return Keeper(manager.scope, os.geteuid(), runtime, group, _boot())


def remember(keeper: Keeper, state: Path) -> None:
    """Leave the keeper's name, before it is given anything."""
    file = _file(keeper, state)
    file.parent.mkdir(exist_ok=True)
    write_whole(file, json.dumps(asdict(keeper), indent=1) + "\n")


def forget(keeper: Keeper, state: Path) -> None:
    """Nothing of the lab is left with this keeper."""
    _file(keeper, state).unlink(missing_ok=True)
    with suppress(OSError):  # there are others
        (state / _FOLDER).rmdir()


def keepers(state: Path) -> tuple[Keeper, ...]:
    """Every manager that was given units and not yet freed of them.

    Raises SetupError when a file is not as `remember` writes it.
    """
    return tuple(map(_read, sorted((state / _FOLDER).glob("*.json"))))


def _read(file: Path) -> Keeper:
    try:
        return Keeper(**json.loads(file.read_text()))
    except (OSError, ValueError, TypeError) as error:
        raise SetupError(
            f"{file} does not tell which systemd runs this lab's services: {error}",
            "See whether any of them runs (`systemctl status 'onecore*'`, and with --user), stop "
            f"them, then: rm {file}",
        ) from error


def _file(keeper: Keeper, state: Path) -> Path:
    return state / _FOLDER / f"{keeper.scope}-{keeper.uid}.json"


def _boot() -> str:
    return _BOOT.read_text().strip()
