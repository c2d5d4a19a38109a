"""Thaws frozen processes when the lab ends, be it by kill -9.

A stopped process acts on no signal but SIGCONT and SIGKILL: the parent-death signal that ends a
unit with its lab would wait there for ever. So a shell of a few kB waits at a pipe that only the
lab holds open. The kernel closes that, however the lab ends.
"""

import subprocess
from collections.abc import Iterable

_WAIT_THEN_THAW = "while read -r line; do pids=$line; done; kill -CONT $pids 2>/dev/null"


class Guardian:
    """Knows which processes to thaw. It is started when there are some for the first time."""

    def __init__(self) -> None:
        self._shell: subprocess.Popen[bytes] | None = None

    def watch(self, pids: Iterable[int]) -> None:
        """From now on these, and no others. One that runs is not harmed by being thawed."""
        pids = tuple(pids)
        if not pids and self._shell is None:
            return
        if self._shell is None or self._shell.poll() is not None:
            self._shell = subprocess.Popen(
                ("sh", "-c", _WAIT_THEN_THAW),
                stdin=subprocess.PIPE,
                start_new_session=True,  # neither Ctrl-C nor a closed terminal may end it
                bufsize=0,
            )
        assert self._shell.stdin is not None
        self._shell.stdin.write(f"{' '.join(map(str, pids))}\n".encode())
