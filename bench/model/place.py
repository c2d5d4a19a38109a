"""Where things run, and what is read of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True)
class Placement:
    """Which CPUs serve what. `notes` say what the machine could not give."""

    app: tuple[int, ...]
    database: tuple[int, ...]
    generator: tuple[int, ...]
    housekeeping: tuple[int, ...]
    notes: tuple[str, ...] = ()


Role = Literal["app", "database"]
"""What a unit is: root has the two run as different users, who cannot reach each other's files."""


@dataclass(frozen=True)
class Unit:
    """One long-running process that a supervisor can run.

    `prepare` are commands run to completion, in order, before `command` (migrations). `template`
    names the file in `systemd/` that describes the same unit to systemd. `source` stands for the
    files that it runs from: when they change, it is another unit, and is restarted. `needs` are
    units that have to run before it. It listens on a port of `host`.
    """

    name: str
    command: tuple[str, ...]
    directory: Path
    environment: Mapping[str, str]
    cpus: tuple[int, ...]
    port: int
    host: str = "127.0.0.1"
    prepare: tuple[tuple[str, ...], ...] = ()
    stop_signal: Literal["TERM", "INT"] = "TERM"
    template: str = ""
    source: str = ""
    needs: tuple[str, ...] = ()
    role: Role = "app"


UnitState = Literal["running", "frozen", "stopped", "failed"]


@dataclass(frozen=True)
class UnitStatus:
    state: UnitState
    pid: int | None = None
    detail: str = ""


@dataclass(frozen=True)
class Pressure:
    """Seconds in which some task of a cgroup waited for a resource: PSI's `some` totals."""

    cpu_s: float
    memory_s: float
    io_s: float


@dataclass(frozen=True)
class Usage:
    """Totals of a process tree or cgroup at one moment. Differences of two give a cost.

    `switches` are the voluntary and involuntary ones of each process so far, by its pid. `cpus` are
    those that the kernel lets any of its threads use; none where that is not known. `pressure` is
    None where there is no cgroup of its own to read it from.
    """

    cpu_s: float
    threads: int
    switches: Mapping[int, tuple[int, int]]
    cpus: tuple[int, ...] = ()
    pressure: Pressure | None = None

    @property
    def processes(self) -> int:
        """How many processes were counted."""
        return len(self.switches)

    def switches_since(self, before: "Usage") -> tuple[int, int]:
        """Voluntary and involuntary switches since then, of the processes that there are now.

        What has ended has taken its counters along: it is missing, not subtracted.
        """
        voluntary = involuntary = 0
        for pid, now in self.switches.items():
            earlier = before.switches.get(pid, (0, 0))
            voluntary += max(0, now[0] - earlier[0])
            involuntary += max(0, now[1] - earlier[1])
        return voluntary, involuntary


@dataclass(frozen=True)
class Memory:
    """Memory of a process tree or cgroup. `pss_bytes` counts shared pages once, in shares.

    `charged_bytes` is what the cgroup is charged with now, page cache included, and `peak_bytes`
    the most since it started; None where no cgroup counts memory.
    """

    pss_bytes: int
    uss_bytes: int
    rss_bytes: int
    peak_bytes: int | None = None
    charged_bytes: int | None = None


@dataclass(frozen=True)
class Site:
    """Where this lab lives: its folders, its address and how far its ports are moved.

    `host` is where the services listen. Databases listen on loopback whatever it is.
    """

    root: Path
    state: Path
    results: Path
    host: str = "127.0.0.1"
    port_offset: int = 0
