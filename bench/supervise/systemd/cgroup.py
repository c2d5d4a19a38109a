"""CPU time, memory and pressure of one cgroup, read from the kernel's files.

Version 2 as far as its controllers go. On a hybrid layout the unified hierarchy has the processes
only; CPU time is then version 1's, from `cpuacct`.
"""

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from bench.kernel import KernelTree
from bench.kernel.cgroup import hierarchies
from bench.kernel.process import Sizes
from bench.model import Memory, Pressure


@dataclass(frozen=True)
class Cgroup:
    """The cgroup at `path`, as systemd names it (`/system.slice/x.service`).

    Whatever is read raises FileNotFoundError, or OSError as the kernel gives it, when the cgroup is
    gone.
    """

    path: str
    tree: KernelTree = field(default_factory=KernelTree)

    @cached_property
    def _folders(self) -> tuple[tuple[frozenset[str], Path], ...]:
        """Where it is in each hierarchy, with the controllers of version 1, version 2 first."""
        if not self.path:  # a unit that has ended has none, and the root is none of it
            return ()
        return tuple(
            (hierarchy.controllers, self.tree.path(hierarchy.folder_of(self.path)))
            for hierarchy in hierarchies(self.tree)
        )

    @property
    def folder(self) -> Path:
        """The folder that has the processes: version 2's, else that of systemd's own hierarchy.

        Raises FileNotFoundError when the cgroup is gone.
        """
        for controllers, folder in self._folders:
            if (not controllers or "name=systemd" in controllers) and (
                folder / "cgroup.procs"
            ).exists():
                return folder
        raise FileNotFoundError(f"no cgroup {self.path}")

    def cpu_s(self) -> float:
        """CPU seconds of all that has ever run in it.

        Raises FileNotFoundError when it is gone, or no controller counts them.
        """
        for file in self._files("cpuacct", "cpu.stat"):
            with suppress(FileNotFoundError):
                if match := re.search(r"^usage_usec (\d+)$", file.read_text(), re.MULTILINE):
                    return int(match[1]) / 1e6
        for file in self._files("cpuacct", "cpuacct.usage"):
            with suppress(FileNotFoundError):
                return int(file.read_text()) / 1e9
        raise FileNotFoundError(f"nothing counts the CPU time of cgroup {self.path}")

    def _files(self, controller: str, name: str) -> Iterable[Path]:
        """Where a file of a controller may be."""
        return (
            folder / name
            for controllers, folder in self._folders
            if not controllers or controller in controllers
        )

    def pids(self) -> list[int]:
        """Its processes."""
        return [int(pid) for pid in (self.folder / "cgroup.procs").read_text().split()]

    def is_frozen(self) -> bool:
        """Whether processes of it are frozen now. Without any, or when it is gone, none is.

        systemd's own FreezerState is what it did last: it stays `frozen` when the frozen processes
        have ended and others have been started in their place.
        """
        with suppress(OSError):
            text = (self.folder / "cgroup.events").read_text()
            events = dict(line.split() for line in text.splitlines())
            return events.get("frozen") == "1" and events.get("populated") == "1"
        return False

    def thaw(self) -> None:
        """Let its processes go on. One that is gone is no error."""
        with suppress(OSError):
            (self.folder / "cgroup.freeze").write_text("0")

    def pressure(self) -> Pressure | None:
        """None where the kernel does not count it."""
        totals = [self._stalled_s(resource) for resource in ("cpu", "memory", "io")]
        cpu, memory, io = totals
        return None if cpu is None or memory is None or io is None else Pressure(cpu, memory, io)

    def _stalled_s(self, resource: str) -> float | None:
        with suppress(OSError):  # EOPNOTSUPP where pressure is switched off
            text = (self.folder / f"{resource}.pressure").read_text()
            if match := re.search(r"^some .*total=(\d+)", text, re.MULTILINE):
                return int(match[1]) / 1e6
        return None

    def memory(self, processes: Sizes | None) -> Memory | None:
        """The processes' memory, with what the cgroup is charged with where it counts that.

        None where the processes' own is not known.
        """
        if processes is None:
            return None
        return Memory(
            pss_bytes=processes.pss_bytes,
            uss_bytes=processes.uss_bytes,
            rss_bytes=processes.rss_bytes,
            peak_bytes=self._bytes("memory.peak", "memory.max_usage_in_bytes"),
            charged_bytes=self._bytes("memory.current", "memory.usage_in_bytes"),
        )

    def _bytes(self, file: str, file_of_version_1: str) -> int | None:
        for name in (file, file_of_version_1):
            for path in self._files("memory", name):
                with suppress(OSError):
                    return int(path.read_text())
        return None
