"""Where a process's cgroups are: in version 1, in version 2, and where both are mounted.

Which controller is mounted where is read from the mounts: distributions name the same folder
`cpu,cpuacct` and `cpuacct,cpu`, and in a container a part of the hierarchy is mounted only.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from bench.kernel.tree import REAL, KernelTree

MOUNT = "/sys/fs/cgroup"


@dataclass(frozen=True)
class Hierarchy:
    """One mounted hierarchy: `folder` shows it from its cgroup `root` on downwards.

    `controllers` are version 1's, among its other options; of version 2 there are none here.
    """

    folder: str
    root: str
    version: int
    controllers: frozenset[str] = frozenset()

    def folder_of(self, path: str) -> str:
        """Where a cgroup's files are. One outside of what is mounted is taken for its root: in a
        container the names may be those of the machine outside.
        """
        inner = PurePosixPath(path)
        if not inner.is_relative_to(self.root) or ".." in inner.parts:
            return self.folder
        below = inner.relative_to(self.root)
        return f"{self.folder}/{below}" if below.parts else self.folder


def hierarchies(tree: KernelTree = REAL) -> tuple[Hierarchy, ...]:
    """Every cgroup hierarchy that is mounted for this process, each once, version 2 first."""
    found: dict[frozenset[str], Hierarchy] = {}
    for line in tree.read("/proc/self/mountinfo").splitlines():
        if hierarchy := _hierarchy(line):
            found.setdefault(hierarchy.controllers, hierarchy)
    return tuple(sorted(found.values(), key=lambda hierarchy: -hierarchy.version))


def _hierarchy(line: str) -> Hierarchy | None:
    """A line of proc_pid_mountinfo(5): optional fields end with a dash of their own."""
    before, _, after = line.partition(" - ")
    fields, (kind, *rest) = before.split(), after.split() or [""]
    if kind not in ("cgroup", "cgroup2") or len(fields) < 5:
        return None
    root, folder = (_unescaped(field) for field in fields[3:5])
    if kind == "cgroup2":
        return Hierarchy(folder, root, 2)
    options = frozenset(rest[-1].split(",")) if rest else frozenset()
    return Hierarchy(folder, root, 1, options)


def _unescaped(field: str) -> str:
    return re.sub(r"\\(\d{3})", lambda octal: chr(int(octal[1], 8)), field)


def paths_of(process: str, tree: KernelTree = REAL) -> dict[str, str]:
    """A process's cgroup by controller of version 1, and by "" in version 2."""
    found: dict[str, str] = {}
    for line in tree.read(f"/proc/{process}/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        found |= dict.fromkeys(controllers.split(","), path)
    return found


def folders_of(process: str, controller: str, tree: KernelTree = REAL) -> tuple[str, ...]:
    """Where files of a controller may be for a process, version 2 first: of its own cgroup, then of
    those above it, as far as they are mounted. Not all of them need exist.
    """
    paths = paths_of(process, tree)
    found = []
    for hierarchy in hierarchies(tree):
        path = paths.get("" if hierarchy.version == 2 else controller)
        if path is not None and (hierarchy.version == 2 or controller in hierarchy.controllers):
            found += list(_levels(hierarchy.folder_of(path), hierarchy.folder))
    return tuple(dict.fromkeys(found))


def _levels(folder: str, mount: str) -> Iterator[str]:
    """A folder and those above it, up to the mount."""
    yield folder
    while folder != mount and folder.startswith(f"{mount}/"):
        folder = folder.rpartition("/")[0]
        yield folder
