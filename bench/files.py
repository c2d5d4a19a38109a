"""Files that are there whole or not at all: the one way in which the lab replaces a file.

Whoever reads one sees the old content or the new, never half of it, also when this process is
killed or the disk is full while it is written. What only grows (rounds, samples, logs) is appended
elsewhere, by whoever knows how a torn end is told.
"""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def write_whole(
    path: Path,
    content: str | bytes,
    *,
    mode: int | None = None,
    own: Callable[[Path], None] | None = None,
    durable: bool = False,
) -> None:
    """Create or replace a file. Text is written as UTF-8, whatever the locale says.

    `mode` holds whatever the umask, and nobody whom it leaves out ever gets to see a byte; without
    one the umask decides. `own` hands the file to another user before it appears under its name.
    A `durable` one is on the disk when this returns, and outlives a loss of power. Raises OSError
    that names `path`; what was there before is then there still, and nothing else.
    """
    data = content.encode() if isinstance(content, str) else content
    with replacing(path) as new:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        descriptor = os.open(new, flags, 0o666 if mode is None else 0o600)
        with os.fdopen(descriptor, "wb") as file:
            if mode is not None:
                os.fchmod(descriptor, mode)
            file.write(data)
            file.flush()
            if durable:
                os.fsync(descriptor)
        if own is not None:
            own(new)
    if durable:
        _sync_folder(path.parent)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A path beside `path`, for whoever can only write to a path; it becomes `path` at the end.

    Raises OSError that names `path`, as `write_whole` does.
    """
    new = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        new.unlink(missing_ok=True)  # of a process of this number that was killed
        yield new
        new.replace(path)
    except BaseException as error:
        with suppress(OSError):
            new.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno is not None:
            raise OSError(error.errno, os.strerror(error.errno), str(path)) from error
        raise


def full_disk(output: str) -> tuple[int, str] | None:
    """How a program that was called says that the disk is full, or a quota used up: the error's
    number, and the first line that has the system's words for it. None where it says neither.
    """
    numbers = {os.strerror(number): number for number in (errno.ENOSPC, errno.EDQUOT)}
    told = (
        (number, line)
        for line in output.splitlines()
        for words, number in numbers.items()
        if words in line
    )
    return next(told, None)


def make_passable(folder: Path) -> None:
    """Make a folder the caller's own, through which others may pass to what is theirs, and which
    they can neither look into nor change. One that another user had before is taken back.
    """
    folder.mkdir(parents=True, exist_ok=True)
    os.chown(folder, os.geteuid(), -1)
    folder.chmod(0o711)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
