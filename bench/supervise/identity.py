"""Which users the units run as, and the command prefix that makes it so.

Not root: the caller. Root: unprivileged users, because PostgreSQL refuses root and an app under
load has no business being it. Databases run as one, apps as another: what is measured can neither
read the databases' files and passwords nor end them.

Some checkouts and Pythons lie below a folder that only root may enter (a clone in /root, pyenv's
Python of root). The units then get a view of their own (a private mount namespace) in which that
folder holds nothing but what they need. Nothing outside the units changes.
"""

import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from bench.errors import SetupError, UnitFailed
from bench.files import full_disk
from bench.model import Role

PREFERRED_USERS = ("onecore", "nobody")
APPS_USER = "onecore-app"
"""Who runs the apps where there is a user of that name."""

_NOBODYS = range(61_184, 65_520)
"""Numbers of users that systemd keeps for those that exist only while something runs: nobody has
files of theirs. The apps' user needs no name, which only PostgreSQL insists on.
"""

# Arguments: the needed folders, "--", the closed folders, "--", the command. Each needed folder is
# opened before its parent is covered, and mounted back through its descriptor (whose link must not
# be followed: it names what is covered by then). No name is ever split: it may have blanks.
_UNCOVER = r"""
set -e
fd=3
while [ "$1" != -- ]; do
    eval "exec $fd< \"\$1\""
    eval "needed_$fd=\$1"
    fd=$((fd + 1))
    shift
done; shift
while [ "$1" != -- ]; do
    mount -t tmpfs -o mode=755,size=1m onecore "$1"
    shift
done; shift
while [ $fd -gt 3 ]; do
    fd=$((fd - 1))
    eval "folder=\$needed_$fd"
    mkdir -p "$folder"
    mount --no-canonicalize --rbind "/proc/self/fd/$fd" "$folder"
    eval "exec $fd<&-"
done
exec "$@"
"""


@dataclass(frozen=True)
class Identity:
    """A user of units. `prefix` turns a command into one that runs as that user."""

    user: str
    uid: int
    gid: int
    prefix: tuple[str, ...] = ()
    note: str = ""

    def run(self, command: tuple[str, ...], environment: Mapping[str, str], directory: Path) -> str:
        """Run a command to completion as this user and return what it printed.

        Raises UnitFailed with the output's tail when it does not exit 0; of a full disk with the
        first line that tells of it.
        """
        done = subprocess.run(
            (*self.prefix, *command),
            cwd=directory,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
        if done.returncode != 0:
            if full := full_disk(done.stdout):
                raise UnitFailed(
                    f"`{command[0]}` failed: {full[1]}",
                    "Free some space, or let ONECORE_STATE name a folder on another disk.",
                )
            tail = "\n".join(done.stdout.rstrip().splitlines()[-20:])
            raise UnitFailed(f"`{' '.join(command)}` failed (exit {done.returncode}):\n{tail}")
        return done.stdout

    def own(self, path: Path) -> None:
        """Hand a file or folder of the lab's state to this user."""
        if os.geteuid() == 0:
            # Not what a link says: another user may have had this folder.
            os.chown(path, self.uid, self.gid, follow_symlinks=False)


@dataclass(frozen=True)
class Identities:
    """Whom databases and apps run as. Without root both are the caller."""

    databases: Identity
    apps: Identity

    def of(self, role: Role) -> Identity:
        """Whom a unit, a file or a folder of this role belongs to."""
        return self.databases if role == "database" else self.apps

    @property
    def notes(self) -> tuple[str, ...]:
        """What is unusual about either, each sentence once; none as a rule."""
        return tuple(dict.fromkeys(filter(None, (self.databases.note, self.apps.note))))


@dataclass(frozen=True)
class _User:
    name: str
    uid: int
    gid: int

    @classmethod
    def of(cls, entry: pwd.struct_passwd) -> "_User":
        return cls(entry.pw_name, entry.pw_uid, entry.pw_gid)

    @property
    def prefix(self) -> tuple[str, ...]:
        ids = (f"--reuid={self.uid}", f"--regid={self.gid}")
        return ("setpriv", *ids, "--clear-groups", "--no-new-privs", "--")


def user_name(uid: int) -> str:
    """What a user is called here; one without a name as sudo takes it, e.g. "#4711"."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"#{uid}"


def closed_folder(path: Path) -> Path | None:
    """The topmost folder above `path` that other users may not enter; None when there is none."""
    for folder in reversed(path.parents):
        if not folder.stat().st_mode & 0o001:
            return folder
    return None


def uncovering(needed: tuple[Path, ...]) -> tuple[str, ...]:
    """A prefix that shows just these of the folders which lie in closed ones."""
    hidden = sorted({path for path in needed if closed_folder(path)})
    outermost = [path for path in hidden if not any(p in hidden for p in path.parents)]
    closed = sorted({str(closed_folder(path)) for path in outermost})
    folders = (*map(str, outermost), "--", *closed, "--")
    return ("unshare", "--mount", "--propagation=private", "sh", "-c", _UNCOVER, "sh", *folders)


def _fault(prefix: tuple[str, ...], paths: tuple[Path, ...]) -> str:
    """Why a process with this prefix cannot run this Python and read the paths; "" when it can."""
    script = "import os, sys; [os.close(os.open(path, os.O_RDONLY)) for path in sys.argv[1:]]"
    command = [*prefix, sys.executable, "-S", "-c", script, *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, cwd="/", check=False)
    if done.returncode == 0:
        return ""
    return (done.stderr.strip().splitlines() or [f"exit {done.returncode}"])[-1]


def _unprivileged_user() -> _User:
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
        return _User.of(user)
    raise SetupError(
        f"there is no user {wanted or ' or '.join(PREFERRED_USERS)} to run the services as",
        "Make one (useradd --system onecore), or name another: ONECORE_USER=name.",
    )


def _apps_user() -> _User:
    """Whoever is called `APPS_USER`, else a number that is nobody's."""
    with suppress(KeyError):
        return _User.of(pwd.getpwnam(APPS_USER))
    taken = {entry.pw_uid for entry in pwd.getpwall()}
    number = next(number for number in _NOBODYS if number not in taken)
    return _User(str(number), number, number)


def _myself() -> _User:
    try:
        return _User.of(pwd.getpwuid(os.geteuid()))
    except KeyError:
        raise SetupError(
            f"the user {os.geteuid()} has no name here, and PostgreSQL runs as no such user",
            "Give it one (in a container: a user of the image, or a line in /etc/passwd).",
        ) from None


def require_tools() -> None:
    """Raises SetupError when util-linux's `setpriv` and `taskset` are not on PATH."""
    missing = [tool for tool in ("setpriv", "taskset") if shutil.which(tool) is None]
    if missing:
        raise SetupError(
            f"{' and '.join(missing)} not found on PATH", "Install util-linux (it has both)."
        )


def current_identity(needed: tuple[Path, ...]) -> Identity:
    """The identity for this caller; `needed` are folders that the units must be able to use.

    Raises SetupError when root cannot give an unprivileged user access to them.
    """
    require_tools()
    if os.geteuid() != 0:
        me = _myself()
        return Identity(me.name, me.uid, me.gid)
    return _identity_of(_unprivileged_user(), needed)


def current_identities(needed: tuple[Path, ...]) -> Identities:
    """The identities for this caller; `needed` are folders that the units must be able to use.

    Raises SetupError when root cannot give the databases' user access to them. Where it is only the
    apps' user who has none, their identity is the databases', and its note says so.
    """
    databases = current_identity(needed)
    if os.geteuid() != 0:
        return Identities(databases, databases)
    try:
        return Identities(databases, _identity_of(_apps_user(), needed))
    except SetupError as error:
        note = f"services run as {databases.user}, as their databases do: {error.message}"
        return Identities(databases, replace(databases, note=note))


def _identity_of(user: _User, needed: tuple[Path, ...]) -> Identity:
    """How root's units run as this user. Raises SetupError when that cannot be."""
    if not _fault(user.prefix, needed):
        return Identity(user.name, user.uid, user.gid, user.prefix)
    python = (Path(sys.prefix), Path(sys.base_prefix))
    folders = tuple(path.resolve() for path in (*needed, *python))
    uncovered = (*uncovering(folders), *user.prefix)
    fault = _fault(uncovered, needed)
    if fault:
        raise SetupError(
            f"the user {user.name}, as whom services run, cannot use this project: {fault}",
            "Let others read it (a clone under umask 077 is closed: chmod -R go+rX .), put it and "
            "its Python where every user may enter (for example /srv), or run make as an ordinary "
            "user.",
        )
    closed = sorted({str(closed_folder(path)) for path in folders if closed_folder(path)})
    note = f"services and databases run with a view of their own of {', '.join(closed)}"
    return Identity(user.name, user.uid, user.gid, uncovered, note)
