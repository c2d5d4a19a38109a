"""One measurement at a time on one machine: two at once would measure each other.

The lock is a name in the kernel's abstract namespace of sockets (unix(7)): one for the machine,
whatever TMPDIR, user or shell. No file is made, so nobody's rights and nobody's sticky folder
matter, and the kernel gives it back when its holder ends, however that happens. Containers with a
network of their own have names of their own.
"""

import hashlib
import os
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from bench.errors import LabBusy, SetupError
from bench.supervise.identity import user_name

_CREDENTIALS = struct.Struct("3i")  # pid, uid, gid: SO_PEERCRED


def _name() -> str:
    """ONECORE_LOCKS asks for another lock, as tests do, which must not wait for each other."""
    other = os.environ.get("ONECORE_LOCKS")
    suffix = f"-{hashlib.sha256(other.encode()).hexdigest()[:16]}" if other else ""
    return f"\0onecore-measuring{suffix}"


@contextmanager
def measuring_alone() -> Iterator[None]:
    """Hold the machine's lock.

    Raises LabBusy at once when another measurement runs, be it another user's, and SetupError where
    there are no such sockets.
    """
    try:
        held = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    except OSError as error:
        raise SetupError(f"this system has no local sockets: {error.strerror}") from error
    with held:
        try:
            held.bind(_name())
        except OSError as error:
            told = _holder()
            raise LabBusy(
                f"another measurement is running on this machine{told}",
                "Wait for it to end, or stop it with Ctrl-C.",
            ) from error
        # Whoever finds it held asks by whom. Nobody takes these calls: each stays in the queue.
        held.listen(socket.SOMAXCONN)
        yield


def _holder() -> str:
    """Who holds the lock, as far as the kernel tells: ": pid 12 of root"; else ""."""
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.setblocking(False)
        client.connect(_name())
        raw = client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        pid, uid, _ = _CREDENTIALS.unpack(raw)
        return f": {f'pid {pid} ' if pid else ''}of {user_name(uid)}"
    return ""
