"""Give the lab's cores to the lab alone: everything else of the machine moves to other ones.

systemd confines its top-level slices and itself (AllowedCPUs=, until the next restart). What was
there is saved first and put back exactly, by the same machinery that tunes kernel settings.
"""

import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from bench import tuning
from bench.errors import LabError, SetupError
from bench.host.cpus import others_cpus
from bench.kernel import KernelTree, Setting
from bench.kernel.cgroup import MOUNT, paths_of
from bench.kernel.process import GONE, every_stat, process_environment
from bench.model import Placement
from bench.placement import format_cpulist, parse_cpulist
from bench.supervise.process import MARK
from bench.supervise.systemd.cpuset import (
    LAB_SLICE,
    allow_cpus,
    has_drop_in,
    keep_cpuset,
    let_go,
    present_cpus,
)
from bench.supervise.systemd.manager import Manager, find_manager
from bench.tuning import SettingOutcome

STATE = Path("/run/onecore/isolated.json")
_UNSET = "unset "
_CONFINED = (".slice", ".scope", ".service")


@dataclass(frozen=True)
class UnitCpus(KernelTree):
    """The CPUs of systemd's units, as settings that can be read and written.

    A name is a unit's; its value a list of CPUs, or `unset 0-3` where no setting that lasts until
    the next restart confines the unit and it may use 0-3: what stands in its own files is theirs.
    Everything else is the kernel's.
    """

    manager: Manager = field(default_factory=lambda: Manager("system"))

    def is_setting(self, name: str) -> bool:
        """Whether it is the name of a unit with processes, which are all that this writes."""
        return name.endswith(_CONFINED) and "/" not in name

    def same(self, value: str, other: str) -> bool:
        """Whether two values of a setting mean the same: a unit that nothing confines until the
        next restart is free, whatever its own files and the CPUs that are online make of that.
        """
        return value == other or (value.startswith(_UNSET) and other.startswith(_UNSET))

    def read(self, name: str) -> str:
        """The CPUs that a unit is confined to, or what frees it; "" where it is not loaded."""
        if not self.is_setting(name):
            return super().read(name)
        shown = self.manager.show(name, ("LoadState", "AllowedCPUs"))
        if shown["LoadState"] != "loaded":
            return ""
        if shown["AllowedCPUs"] and has_drop_in(name, self):
            return _cpulist(shown["AllowedCPUs"])
        # To be freed it will be given all that it may use, and our drop-in be taken away: from then
        # on its own files hold again, and edits of them. Where those say nothing that is every CPU
        # there is. Either may name one that is offline now and comes back.
        usable = _cpulist(shown["AllowedCPUs"])
        return f"{_UNSET}{usable or format_cpulist(present_cpus(self))}"

    def write(self, name: str, text: str) -> None:
        """Confine a unit. Raises OSError when systemd refuses."""
        # An empty list would change nothing: to free a unit it is given all that it had.
        try:
            allow_cpus(self.manager, name, text.removeprefix(_UNSET))
            if text.startswith(_UNSET):
                let_go(self.manager, name, self)
        except LabError as error:
            raise OSError(0, error.message) from error


def isolate(
    placement: Placement, tree: UnitCpus, state: Path = STATE
) -> tuple[SettingOutcome, ...]:
    """Move everything but the lab to the housekeeping CPUs.

    Raises SetupError when what was there cannot be saved, or when it would take its cores from a
    lab that runs in somebody's session; nothing has been changed then.
    """
    _require_no_lab_in_a_session(tree)
    rest = format_cpulist(placement.housekeeping)
    settings = (Setting(name, rest) for name in top_level_units(tree))
    return tuning.tune(settings, tree, state)


def unisolate(tree: UnitCpus, state: Path = STATE) -> tuple[SettingOutcome, ...]:
    """Put back what was there before `isolate`, also when that was interrupted."""
    keep_cpuset(tree.manager, tree)
    outcomes = tuning.untune(tree, state)
    for outcome in outcomes:
        if outcome.kind == "gone":
            let_go(tree.manager, outcome.name, tree)  # another unit may come by that name
    return outcomes


def not_moved(placement: Placement, tree: KernelTree) -> Mapping[str, tuple[int, ...]]:
    """Cgroups that systemd did not make and that may still run on the apps' cores, with their CPUs.

    Some containers are among them. Only their own tool can confine them.
    """
    return {
        name: cpus
        for name, cpus in (others_cpus(tree) or {}).items()
        if not name.endswith(_CONFINED) and set(cpus) & set(placement.app)
    }


def _require_no_lab_in_a_session(tree: KernelTree) -> None:
    """Raises SetupError when a lab runs in a session, whose CPUs it would lose with the rest of it:
    an ordinary user's, or one of plain processes, which are where they were started.
    """
    sessions = sorted({_session_of(path) for path in (*_users_units(tree), *_processes(tree))})
    if not sessions:
        return
    raise SetupError(
        f"a lab runs in {' and in '.join(sessions)}, and isolate would confine it to the "
        "housekeeping cores with the rest of that",
        "Stop it first, as its user: make down. On isolated cores only root can measure, with what "
        "is started after make isolate.",
    )


def _session_of(path: str) -> str:
    """A cgroup in words, by its user where it has one."""
    user = re.search(r"/user-(\d+)\.slice/", path)
    return f"the session of user {user[1]}" if user else path


def _users_units(tree: KernelTree) -> Iterator[str]:
    """The cgroups of ordinary users' units that have processes."""
    for name in tree.names(f"{MOUNT}/user.slice/user-*.slice/**/onecore*.service/cgroup.events"):
        if "populated 1" in tree.read(name):
            yield name


def _processes(tree: KernelTree) -> Iterator[str]:
    """The cgroups of a lab's processes without units, where that is not the lab's own."""
    proc = str(tree.path("/proc"))
    for stat in every_stat(proc):
        with suppress(*GONE, PermissionError):
            path = paths_of(str(stat.pid), tree).get("", "")
            if MARK in process_environment(stat.pid, proc) and not path.startswith("/onecore"):
                yield path


def leave_the_confined() -> None:
    """On an isolated machine, go on in a slice that may use all CPUs, as root.

    The lab is started from a session, which is confined; yet it must reach the apps' cores: the
    spin probe runs there, and what the process supervisor starts. Replaces this process; does
    nothing where nothing is isolated, or when it has been done.
    """
    if "unisolate" in sys.argv[1:2]:
        return  # it ends that slice
    # What cannot be read tells nothing, and whoever looks or stops needs nothing of it.
    if os.geteuid() != 0 or not tuning.tuned_names(UnitCpus(), STATE):
        return
    if f"/{LAB_SLICE}/" in Path("/proc/self/cgroup").read_text():
        return
    scope = ("systemd-run", "--scope", "--quiet", "--collect", f"--slice={LAB_SLICE}", "--")
    os.execvp(scope[0], (*scope, sys.executable, "-m", "bench", *sys.argv[1:]))


def top_level_units(tree: UnitCpus) -> tuple[str, ...]:
    """systemd itself, the slices below the root, and whatever else of systemd's runs there, without
    the lab's own.
    """
    listed = tree.manager.ask("list-units", "--type=slice", "--plain", "--no-legend", "--no-pager")
    slices = {line.split()[0] for line in listed.stdout.splitlines() if line.strip()}
    # A dash is a slice within another one.
    below_root = {name for name in slices if "-" not in name}
    running = {name for name in others_cpus(tree) or {} if name.endswith(_CONFINED)}
    others = {name for name in below_root | running if not name.startswith("onecore")}
    return ("init.scope", *sorted(others - {"init.scope"}))


def require_system_manager(verb: str) -> UnitCpus:
    """Raises SetupError when this machine has no systemd that could confine anything."""
    manager = find_manager()
    if manager.scope != "system":
        raise SetupError(f"{verb} needs systemd as PID 1, which this machine does not have")
    # Every cgroup but the machine's own root has a type.
    if KernelTree().exists(f"{MOUNT}/cgroup.type"):
        raise SetupError(
            f"{verb} confines a whole machine, and this is a part of one: a container",
            f"Call make {verb} on the machine itself.",
        )
    if "cpuset" not in KernelTree().read("/sys/fs/cgroup/cgroup.controllers").split():
        raise SetupError(
            f"{verb} needs the cpuset controller of version 2 cgroups, which this kernel lacks",
            "Boot with systemd.unified_cgroup_hierarchy=1, or a newer system.",
        )
    return UnitCpus(manager=manager)


def _cpulist(shown: str) -> str:
    """systemd shows `0-1 4`; the kernel and the lab write `0-1,4`."""
    return format_cpulist(parse_cpulist(",".join(shown.split())))
