"""Git, asked for what it knows. Nothing here writes to a repository, not even its index."""

import os
import shutil
import subprocess
from pathlib import Path

from bench.environment import composed

Told = subprocess.CompletedProcess[bytes]


def has_git() -> bool:
    """Whether there is a git to ask."""
    return shutil.which("git") is not None


def git(root: Path, *arguments: str) -> Told:
    """What git does with a repository, with its output as it is. There must be a git."""
    command = ["git", "-c", f"safe.directory={root}", "-C", str(root), *arguments]
    # Nobody's settings: they may hide files that are new, or run programs.
    none = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    # Looking must not write an index, which this user may not even own.
    environment = composed(**none, GIT_OPTIONAL_LOCKS="0")
    return subprocess.run(command, capture_output=True, env=environment, check=False)


def told(root: Path, *arguments: str) -> str | None:
    """What git says, or None where there is no git or it cannot tell."""
    if not has_git():
        return None
    done = git(root, *arguments)
    return None if done.returncode else done.stdout.decode(errors="replace").rstrip("\n")


_OWN_FILE = "bench/__main__.py"


def is_in_its_repository(root: Path) -> bool:
    """Whether the repository that git finds for this folder is the lab's own: it has its files.

    A tarball that was unpacked within another repository is not part of that one.
    """
    return told(root, "cat-file", "-e", f"HEAD:./{_OWN_FILE}") is not None
