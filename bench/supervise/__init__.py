"""Who runs the units: one small interface, one module per supervisor.

A unit is known by its name, so that a later command can stop what an earlier one started.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Protocol

from bench.errors import SetupError
from bench.model import Memory, Role, Unit, UnitStatus, Usage


class Supervisor(Protocol):
    """Runs units, pins them, freezes them and accounts for them."""

    @property
    def name(self) -> str:
        """What records and reports call it."""
        ...

    def start(self, unit: Unit, *, outlive: bool) -> bool:
        """Start `unit` unless it already runs as described; True when it was (re)started.

        With `outlive` the unit goes on when the lab's process has ended. Without it the unit ends
        with the lab, unless it ran before. Raises PortTaken or UnitFailed.
        """
        ...

    def restart(self, unit: Unit) -> None:
        """End the processes of a unit that was started, and run it with new ones as before.

        Raises SetupError when it would be another unit (`changed`), PortTaken or UnitFailed.
        """
        ...

    def stop(self, name: str) -> bool:
        """Stop the unit and wait until it has ended; False when it did not end by itself when it
        was told to, and was killed. A unit that does not run is no error.
        """
        ...

    def freeze(self, name: str) -> None:
        """Take the unit off the CPU without ending it."""
        ...

    def thaw(self, name: str) -> None:
        """Undo `freeze`. A unit that is not frozen is no error."""
        ...

    def status(self, name: str) -> UnitStatus:
        """Its state now, its first process while it runs, and what went wrong (`detail`).

        Raises UnitFailed when the supervisor does not answer.
        """
        ...

    def placed(self, name: str) -> tuple[int, ...]:
        """The CPUs that a unit was started on; none where it is not on record. Those that it may
        use now are in its `usage`.
        """
        ...

    def overrides(self, name: str) -> tuple[str, ...]:
        """Files of others that change a unit: an administrator's or the distribution's drop-ins."""
        ...

    def names(self) -> tuple[str, ...]:
        """Every unit this supervisor has on record, running or not."""
        ...

    def cpu_s(self, name: str) -> float:
        """CPU seconds of everything the unit has run so far; cheap enough to sample."""
        ...

    def counted_pid(self, name: str) -> int | None:
        """The unit's first process when `cpu_s` was read last: another one has a count of its own.

        None where it was not read yet.
        """
        ...

    def cpu_clock(self, name: str) -> Callable[[], float]:
        """Reads the CPU seconds of everything the unit has run so far, exactly at any moment.

        For the edges of turns: a process that has just begun or ended counts too. Reading raises
        UnitFailed when the unit has ended.
        """
        ...

    def usage(self, name: str) -> Usage:
        """CPU time and context switches of everything the unit has run so far.

        Raises UnitFailed when it does not run, and once when it has died since the last look and
        runs again: its counters began anew, and a difference across that would be none.
        """
        ...

    def memory(self, name: str) -> Memory | None:
        """Its memory now; None where the kernel does not tell that of all its processes."""
        ...

    def log_source(self, name: str) -> str:
        """Where the unit's log is: a file, or the command that shows it."""
        ...

    def log(self, name: str) -> str:
        """All that the unit has written since it was last started; "" when nothing is kept."""
        ...

    def log_tail(self, name: str, lines: int = 20) -> str:
        """The last lines of `log`, or a sentence when it is empty: what an error message shows."""
        ...

    def run(self, command: tuple[str, ...], environment: Mapping[str, str], directory: Path) -> str:
        """Run a command to completion as the databases' user and return what it printed.

        Raises UnitFailed with the output's tail when it does not exit 0.
        """
        ...

    def own(self, path: Path, role: Role) -> None:
        """Hand a file or folder of the lab's state to the user of the databases or of the apps."""
        ...


def fingerprint(unit: Unit) -> str:
    """Tells whether a unit is described as it was: equal descriptions, equal fingerprints."""
    description = json.dumps(asdict(unit), default=str, sort_keys=True)
    return hashlib.sha256(description.encode()).hexdigest()


def changed(unit: Unit) -> SetupError:
    """What is raised where new processes would not be those of the unit that was started."""
    return SetupError(
        f"{unit.name} is not what was started: it was stopped, or its files have changed since",
        "One run measures one state of the code: put it back and resume, or begin a new run.",
    )


def tail(log: str, lines: int) -> str:
    """The log's last lines, or a sentence when there are none."""
    return "\n".join(log.rstrip().splitlines()[-lines:]) or "(its log is empty)"
