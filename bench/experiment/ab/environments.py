"""The packages of a side: as a uv.lock has them, or with others in the place of some.

An environment is made once and kept by what it is made from (`sides/environments/<digest>`): the
next comparison with the same base has it at once. uv's own cache makes it small: files are
shared as links where both are on one disk. What was not finished bears no mark, and is made anew.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

from bench.environment import fetching
from bench.errors import LabError, SetupError, UsageError
from bench.experiment.ab.code import Code
from bench.experiment.ab.side_specs import package_of
from bench.files import full_disk, write_whole
from bench.load.process import end_with_parent

COMPLETE = ".complete"
_TOLD = 15
"""Lines of uv's words that are told: the last ones say why."""

Say = Callable[[str], None]


def python_for(
    code: Code, requirements: tuple[str, ...], root: Path, folder: Path, say: Say
) -> Path | None:
    """The Python whose environment has the packages of this code's lock, but for `requirements`.

    None where that is the lab's own: nothing is asked for, and the lock is the same. Raises
    SetupError, and UsageError for requirements that cannot be met.
    """
    if not requirements and _is_labs_own(code, root):
        return None
    if not code.lock.exists():
        raise SetupError(f"there is no uv.lock in {root}", "WITH= and BASE= take one: clone it.")
    place = folder / digest_of(code, requirements)
    python = place / "bin" / "python"
    if not (place / COMPLETE).exists():
        uv = find_uv(root)
        shutil.rmtree(place, ignore_errors=True)
        place.parent.mkdir(parents=True, exist_ok=True)
        what = ", ".join(requirements) or f"as commit {code.commit[:12]} has it"
        say(f"Making an environment, once; it is kept: {what} ...")
        try:
            _make(uv, code, requirements, place)
        except BaseException:
            shutil.rmtree(place, ignore_errors=True)
            raise
    return python


def _is_labs_own(code: Code, root: Path) -> bool:
    """Whether the lab's environment is made from the same lock."""
    if not code.commit:
        return True
    ours = root / "uv.lock"
    return ours.exists() and ours.read_bytes() == code.lock.read_bytes()


def digest_of(code: Code, requirements: tuple[str, ...]) -> str:
    """What an environment is known by: its lock, what stands in the place of it, and its Python."""
    digest = hashlib.sha256(code.lock.read_bytes())
    for part in (sys.version, base_python(), *sorted(requirements)):
        digest.update(f"\0{part}".encode())
    return digest.hexdigest()[:16]


def base_python() -> str:
    """The Python that the lab's own environment is made of."""
    return str(getattr(sys, "_base_executable", sys.executable))


def find_uv(root: Path) -> str:
    """uv, as `make` has found or fetched it. Raises SetupError."""
    fetched = root / ".tools" / "uv"
    found = str(fetched) if fetched.exists() else shutil.which("uv")
    if found is None:
        raise SetupError(
            "there is no uv, which makes the environment of a side",
            "Put uv on PATH, or let make fetch it: rm -r .venv, make .venv/.complete.",
        )
    return found


def _make(uv: str, code: Code, requirements: tuple[str, ...], place: Path) -> None:
    """The whole lock, development tools included, as the lab's own environment has it."""
    made = _uv(
        uv,
        ("sync", "--frozen", "--all-groups", "--no-python-downloads"),
        ("--python", base_python(), "--project", str(code.folder)),
        UV_PROJECT_ENVIRONMENT=str(place),
    )
    if made.returncode:
        _require_space(made, place)
        what = f"commit {code.commit[:12]}" if code.commit else "the working tree"
        raise SetupError(
            f"uv cannot make the environment of {what} from its uv.lock:\n{_words(made)}",
            "Choose another base, or mend what uv names (a network, say).",
        )
    if requirements:
        _replace(uv, code, requirements, place)
    _compile(place)
    write_whole(place / COMPLETE, "")


def _replace(uv: str, code: Code, requirements: tuple[str, ...], place: Path) -> None:
    """Resolve the project's own requirements anew, with these in the place of those on the same
    packages; what need not change stays as it is locked.
    """
    replaced = set(map(package_of, requirements))
    project = tomllib.loads((code.folder / "pyproject.toml").read_text())["project"]
    others = [
        dependency
        for dependency in project["dependencies"]
        if package_of(dependency) not in replaced
    ]
    arguments = ("pip", "install", "--python", str(place / "bin" / "python"))
    done = _uv(uv, arguments, ("--", *requirements, *others))
    if done.returncode:
        _require_space(done, place)
        raise UsageError(
            f"WITH={','.join(requirements)} cannot be had:\n{_words(done)}",
            "Name a version that there is. Where others stand in its way, name those in WITH= too; "
            "where it is the network, mend that.",
        )


def _compile(place: Path) -> None:
    """Byte-compile all of it, as the lab's own is: services' users may not write beside the code.

    Last, for it takes longest. What does not compile (templates, tests of another Python) is
    nothing that runs.
    """
    command = (base_python(), "-I", "-m", "compileall", "-q", "-j", "0", str(place / "lib"))
    done = subprocess.run(
        command, umask=0o022, capture_output=True, text=True, errors="replace", check=False
    )
    _require_space(done, place)  # an environment that is half compiled starts slower


def _require_space(done: subprocess.CompletedProcess[str], place: Path) -> None:
    """Raises OSError, as the system itself does, where the disk was full for what was called."""
    if full := full_disk(done.stdout + done.stderr):
        raise OSError(*full, str(place))


def _uv(uv: str, *words: tuple[str, ...], **variables: str) -> subprocess.CompletedProcess[str]:
    """Run uv. Raises LabError when it cannot be run at all."""
    command = [uv, *(word for part in words for word in part)]
    environment = {**fetching(), **variables}
    if not os.access(environment.get("HOME", ""), os.W_OK):
        environment.setdefault("UV_NO_CACHE", "1")  # uv keeps its cache at home
    try:
        return subprocess.run(
            command,
            env=environment,
            cwd="/",
            umask=0o022,  # services' users must be able to read what is made here
            # A lab that is killed leaves nobody who goes on writing into what the next one makes.
            preexec_fn=end_with_parent,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    except OSError as error:
        raise LabError(f"cannot run {uv}: {error.strerror}") from error


def _words(done: subprocess.CompletedProcess[str]) -> str:
    """What uv said in the end."""
    return "\n".join((done.stderr or done.stdout).strip().splitlines()[-_TOLD:])
