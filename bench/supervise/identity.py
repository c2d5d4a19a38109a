"""Which user the units run as, and the command prefix that makes it so.

Not root: the caller. Root: an unprivileged user, because PostgreSQL refuses root and an app under
load has no business being it. Some checkouts and Pythons lie below a folder that only root may
enter (a clone in /root, pyenv's Python of root). There the units keep one right of root's, to
read and search files, and nothing else.
"""

import os
import pwd
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from bench.errors import SetupError

PREFERRED_USERS = ("onecore", "nobody")
READ_ANYWHERE = ("--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search")


@dataclass(frozen=True)
class Identity:
    """The units' user. `prefix` turns a command into one that runs as that user."""

    user: str
    uid: int
    gid: int
    prefix: tuple[str, ...] = ()
    note: str = ""

    def may_chown(self) -> bool:
        return os.geteuid() == 0


def _setpriv(user: pwd.struct_passwd, *extra: str) -> tuple[str, ...]:
    return (
        "setpriv",
        f"--reuid={user.pw_uid}",
        f"--regid={user.pw_gid}",
        "--clear-groups",
        "--no-new-privs",
        *extra,
        "--",
    )


def _can_use(prefix: tuple[str, ...], paths: tuple[Path, ...]) -> bool:
    """Whether a process started with `prefix` can read every path and run this Python."""
    script = "import os, sys; sys.exit(not all(os.access(p, os.R_OK) for p in sys.argv[1:]))"
    command = [*prefix, sys.executable, "-S", "-c", script, *map(str, paths)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _unprivileged_user() -> pwd.struct_passwd:
    wanted = os.environ.get("ONECORE_USER")
    for name in (wanted,) if wanted else PREFERRED_USERS:
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        if user.pw_uid == 0:
            raise SetupError(
                "ONECORE_USER is root, and PostgreSQL refuses to run as root",
                "Name an unprivileged user, or leave ONECORE_USER out.",
            )
        return user
    raise SetupError(
        f"there is no user {wanted or ' or '.join(PREFERRED_USERS)} to run the services as",
        "Make one (useradd --system onecore), or name another: ONECORE_USER=name.",
    )


def require_tools() -> None:
    """Raises SetupError when util-linux's `setpriv` and `taskset` are not on PATH."""
    missing = [tool for tool in ("setpriv", "taskset") if shutil.which(tool) is None]
    if missing:
        raise SetupError(
            f"{' and '.join(missing)} not found on PATH", "Install util-linux (it has both)."
        )


def current_identity(needed: tuple[Path, ...]) -> Identity:
    """The identity for this caller; `needed` are files the units must be able to read.

    Raises SetupError when root cannot give an unprivileged user access to them.
    """
    require_tools()
    if os.geteuid() != 0:
        me = pwd.getpwuid(os.geteuid())
        return Identity(me.pw_name, me.pw_uid, me.pw_gid)
    user = _unprivileged_user()
    plain = _setpriv(user)
    if _can_use(plain, needed):
        return Identity(user.pw_name, user.pw_uid, user.pw_gid, plain)
    reader = _setpriv(user, *READ_ANYWHERE)
    if _can_use(reader, needed):
        note = (
            f"services run as {user.pw_name} with the right to read any file, because the "
            "project or its Python lies below a folder that only root may enter"
        )
        return Identity(user.pw_name, user.pw_uid, user.pw_gid, reader, note)
    raise SetupError(
        f"the user {user.pw_name} cannot read {needed[0]} or run {sys.executable}",
        "Put the project and its Python where every user may read (for example /srv/onecore), "
        "or run make as an ordinary user.",
    )
