"""What the system refused, and what to do about it: from an OSError to a sentence with a remedy.

Only refusals that lie in the machine or in who calls are told so. Any other OSError is a fault of
the lab's, and keeps its traceback.
"""

import errno
import os
from pathlib import Path

from bench.errors import SetupError
from bench.supervise.identity import user_name

_ELSEWHERE = "let ONECORE_STATE and ONECORE_RESULTS name folders"
_FULL = f"Free some space, or {_ELSEWHERE} on another disk."
_IN_THE_WAY = f"Move away what is there, or {_ELSEWHERE} elsewhere."
_DISK_TAKES_NOTHING = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}
"""It refuses any write, also one to a file that the error cannot name."""
_SOMETHING_THERE = {errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENAMETOOLONG}
_NOT_YOURS = {errno.EACCES, errno.EPERM}


def refused(error: OSError) -> SetupError | None:
    """The refusal in words; None when the error is none of the system's refusals.

    Permissions and things in the way are a file's: without its path the error is something else,
    such as a process that may not be signalled.
    """
    where = error.filename2 or error.filename
    why = os.strerror(error.errno or 0)
    if error.errno in _DISK_TAKES_NOTHING:
        return SetupError(f"cannot write{f' {where}' if where else ''}: {why}", _FULL)
    if where and error.errno in _NOT_YOURS:
        return not_yours(Path(os.fsdecode(where)), why)
    if where and error.errno in _SOMETHING_THERE:
        return SetupError(f"cannot use {where}: {why}", _IN_THE_WAY)
    return None


LEAST_FREE_BYTES = 16 << 20
"""PostgreSQL writes its log in files of that size."""


def require_space(folder: Path, failure: str) -> None:
    """Raises SetupError when the disk of a lab's folder is full: then `failure` says nothing of a
    target.
    """
    try:
        disk = os.statvfs(folder)
    except OSError:  # nothing of the lab is on this machine
        return
    free_bytes = disk.f_bavail * disk.f_frsize
    if free_bytes < LEAST_FREE_BYTES:
        raise SetupError(
            f"the disk of {folder} has {free_bytes / 1e6:.1f} MB left: {failure.splitlines()[0]}",
            _FULL,
        )


def not_yours(path: Path, why: str) -> SetupError:
    """That this user may not use `path`: whose it is, and how to have one of one's own."""
    return SetupError(
        f"cannot use {path}: {why}",
        f"{_owned(path)} and you are {user_name(os.geteuid())}. Call the lab as the user who has "
        f"called it before, or {_ELSEWHERE} of your own.",
    )


def _owned(path: Path) -> str:
    """Whose it is, or whose the folder is that hides it."""
    for place in (path, *path.parents):
        try:
            return f"{place} belongs to {user_name(place.stat().st_uid)},"
        except OSError:  # hidden in a folder that this user may not enter, or not there
            continue
    return "It belongs to somebody else,"
