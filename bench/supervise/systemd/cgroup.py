"""CPU time, memory and pressure of one cgroup, read from the kernel's files.

Version 2 as far as its controllers go. On a hybrid layout the unified hierarchy has the processes
only; CPU time is then version 1's, from `cpuacct`.
"""

import re
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from bench.model import Memory, Pressure

_MOUNT = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Cgroup:
    """The cgroup at `path`, as systemd names it (`/system.slice/x.service`)."""

    path: str
    mount: Path = field(default_factory=lambda: _MOUNT)

    def _folder(self, hierarchy: str = "") -> Path:
        return self.mount / hierarchy / self.path.lstrip("/")

    @property
    def folder(self) -> Path:
        """The folder that has the processes. Raises FileNotFoundError when the cgroup is gone."""
        for hierarchy in ("", "unified", "systemd"):
            if (self._folder(hierarchy) / "cgroup.procs").exists():
                return self._folder(hierarchy)
        raise FileNotFoundError(f"no cgroup {self.path}")

    def cpu_s(self) -> float:
        """CPU seconds of all that has ever run in it. Raises FileNotFoundError when it is gone."""
        folder = self.folder
        with suppress(FileNotFoundError):
            text = (folder / "cpu.stat").read_text()
            if match := re.search(r"^usage_usec (\d+)$", text, re.MULTILINE):
                return int(match[1]) / 1e6
        for hierarchy in ("cpu,cpuacct", "cpuacct"):
            with suppress(FileNotFoundError):
                return int((self._folder(hierarchy) / "cpuacct.usage").read_text()) / 1e9
        raise FileNotFoundError(f"nothing counts the CPU time of cgroup {self.path}")

    def pids(self) -> list[int]:
        """Its processes. Raises FileNotFoundError when it is gone."""
        return [int(pid) for pid in (self.folder / "cgroup.procs").read_text().split()]

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

    def memory(self, processes: Memory) -> Memory:
        """The processes' memory, with what the cgroup is charged with where it counts that."""
        return Memory(
            pss_bytes=processes.pss_bytes,
            uss_bytes=processes.uss_bytes,
            rss_bytes=processes.rss_bytes,
            peak_bytes=self._bytes("memory.peak", "memory.max_usage_in_bytes"),
            charged_bytes=self._bytes("memory.current", "memory.usage_in_bytes"),
        )

    def _bytes(self, file: str, file_of_version_1: str) -> int | None:
        for path in (self.folder / file, self._folder("memory") / file_of_version_1):
            with suppress(FileNotFoundError):
                return int(path.read_text())
        return None
