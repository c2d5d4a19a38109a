"""Numbers that one test run has for itself, beside any other that runs at the same time.

To look whether a port is free and then to let go of it is no claim: two runs that look at once
both find it free. A claim is a lock on a file, and the kernel gives it back however the run ends.
"""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

# The same for all runs, wherever their other files lie.
_FOLDER = Path("/tmp") / f"onecore-test-claims-{os.geteuid()}"
_TRIES = 500


def _locked(path: Path) -> IO[bytes] | None:
    """The open file with the lock on it; None when another run holds it."""
    file = path.open("wb")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


@contextmanager
def claimed(what: str, first: int, step: int, usable: Callable[[int], bool]) -> Iterator[int]:
    """The first number from `first` on, by `step`, that is `usable` and that no other run has.

    `what` says of what it is the number. Nobody else gets it until the block ends.
    """
    _FOLDER.mkdir(mode=0o700, exist_ok=True)
    for number in range(first, first + _TRIES * step, step):
        file = _locked(_FOLDER / f"{what}-{number}")
        if file is None:
            continue
        with file:
            if usable(number):
                yield number
                return
    raise AssertionError(f"no {what} is free from {first} on")
