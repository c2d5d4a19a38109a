"""The kernel's files below a root, so that tests can use a copy of them."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bench.placement import parse_cpulist

CPUS = "/sys/devices/system/cpu"
"""Where the kernel keeps what it tells of each CPU, and of all."""


@dataclass(frozen=True)
class KernelTree:
    """/proc and /sys below `root`. Names are absolute, as on the real machine."""

    root: Path = Path("/")

    def path(self, name: str) -> Path:
        """Where a file with this absolute name lies in the tree."""
        return self.root / name.lstrip("/")

    def read(self, name: str) -> str:
        """A small file's text, or "" where the kernel does not offer it."""
        with suppress(OSError):
            return self.path(name).read_text(errors="replace").strip()
        return ""

    def number(self, name: str) -> int | None:
        """A file that holds one whole number, or None where there is none."""
        try:
            return int(self.read(name))
        except ValueError:
            return None

    def cpus(self, name: str) -> tuple[int, ...]:
        """A file that holds a list of CPUs. One that is missing or says `(null)` has none."""
        try:
            return parse_cpulist(self.read(name))
        except ValueError:
            return ()

    def exists(self, name: str) -> bool:
        """Whether the kernel offers a file or folder of this name."""
        return self.path(name).exists()

    def is_open(self, name: str) -> bool:
        """Whether anybody may write a file: of some settings the kernel says so by their mode."""
        with suppress(OSError):
            return bool(self.path(name).stat().st_mode & 0o222)
        return False

    def is_setting(self, name: str) -> bool:
        """Whether a name may be written at all: it is a file of the kernel's."""
        return name.startswith(("/sys/", "/proc/")) and ".." not in name.split("/")

    def same(self, value: str, other: str) -> bool:
        """Whether two values of a setting mean the same."""
        return value == other

    def names(self, pattern: str) -> tuple[str, ...]:
        """The absolute names that match a glob pattern, sorted."""
        found = self.root.glob(pattern.lstrip("/"))
        return tuple(sorted(f"/{path.relative_to(self.root)}" for path in found))

    def write(self, name: str, text: str) -> None:
        """Set an existing file. Raises OSError when it is gone, read-only or refuses the value."""
        # Without O_CREAT: a setting that the kernel does not have must not become a stray file.
        descriptor = os.open(self.path(name), os.O_WRONLY | os.O_TRUNC)
        try:
            os.write(descriptor, text.encode())
        finally:
            os.close(descriptor)


@dataclass(frozen=True)
class Setting:
    """A kernel file and the value that it should have."""

    name: str
    value: str


REAL = KernelTree()
