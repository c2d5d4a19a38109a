"""The code of a side: a commit's, taken out of git, or a copy of the working tree's.

Neither the user's files nor git's index are touched. A copy, so that whoever goes on editing
changes nothing that is being measured.
"""

import hashlib
import io
import shutil
import tarfile
from dataclasses import dataclass
from pathlib import Path

from bench.errors import SetupError, UsageError
from bench.files import write_whole
from bench.host.git import git, has_git, is_in_its_repository, told
from bench.model import Target
from bench.sources import GENERATED
from bench.targets import read_targets

_NEEDED = ("services", "pyproject.toml", "uv.lock", ".python-version")
"""What a side is made from; the rest of a commit is the lab, which is the working tree's."""


@dataclass(frozen=True)
class Code:
    """A folder with `services/`, `pyproject.toml` and `uv.lock`, and where it comes from.

    `commit` is empty for the working tree.
    """

    folder: Path
    commit: str = ""

    @property
    def lock(self) -> Path:
        """The uv.lock that this code came with."""
        return self.folder / "uv.lock"


def commit_of(root: Path, ref: str) -> str:
    """The commit that a name stands for, in full.

    Raises SetupError where there is no git or no repository, UsageError for what is no commit.
    """
    if not has_git():
        raise SetupError("there is no git on PATH, and BASE= is a commit", "Install git.")
    if not is_in_its_repository(root):
        raise SetupError(
            f"{root} is no git repository of this project, and BASE= is a commit",
            "Clone it with git. WITH= and ENV= need none.",
        )
    found = (
        None if ref.startswith("-") else told(root, "rev-parse", "--verify", f"{ref}^{{commit}}")
    )
    if found:
        return found
    if told(root, "rev-parse", "--is-shallow-repository") == "true":
        raise UsageError(
            f"there is no commit {ref!r} in this clone, which is a shallow one",
            "Fetch its history: git fetch --unshallow (in GitHub Actions: fetch-depth: 0; in "
            "GitLab: GIT_DEPTH: 0).",
        )
    raise UsageError(
        f"there is no commit {ref!r} in this repository",
        "Name a branch, a tag or a commit: git log, git branch --all. Or fetch it: git fetch.",
    )


def commits_code(root: Path, commit: str, folder: Path) -> Code:
    """The commit's services and lock, in a new folder. Raises SetupError."""
    there = [path for path in _NEEDED if told(root, "cat-file", "-e", f"{commit}:./{path}") == ""]
    missing = sorted({"services", "uv.lock", "pyproject.toml"} - {*there})
    if missing:
        raise SetupError(
            f"commit {commit[:12]} has no {' and no '.join(missing)}",
            "Choose a base that has a services/ folder and a uv.lock.",
        )
    archive = git(root, "archive", "--format=tar", commit, "--", *there)
    if archive.returncode:
        raise SetupError(
            f"git cannot take commit {commit[:12]} out of this repository: "
            f"{archive.stderr.decode(errors='replace').strip()}",
            "In a partial clone: git fetch --refetch --no-filter.",
        )
    folder.mkdir(parents=True)
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as tar:
        tar.extractall(folder, filter="data")
    return Code(folder, commit)


def trees_code(root: Path, services: tuple[Path, ...], folder: Path) -> Code:
    """The working tree's, with everything that is not committed, in a new folder."""
    folder.mkdir(parents=True)
    for service in services:
        shutil.copytree(
            service, folder / "services" / service.name, ignore=shutil.ignore_patterns(*GENERATED)
        )
    for path in (root / "pyproject.toml", root / "uv.lock"):
        if path.exists():
            write_whole(folder / path.name, path.read_bytes())
    return Code(folder)


def target_in(code: Code, target: Target) -> Target:
    """The target as this code describes it. Raises SetupError where it does not."""
    path = code.folder / "services" / target.framework / "service.toml"
    where = f"commit {code.commit[:12]}" if code.commit else "the working tree"
    if not path.exists():
        raise SetupError(
            f"{where} has no {path.relative_to(code.folder)}",
            f"Choose a base in which there is a service {target.framework}.",
        )
    try:
        found = {known.name: known for known in read_targets(path, former=True)}
    except SetupError as error:
        raise SetupError(
            f"the {path.relative_to(code.folder)} of {where} is none that this lab reads: "
            f"{error.message}",
            "Choose a later base. Older ones: compare two runs, each made by its own lab.",
        ) from error
    if target.name not in found:
        raise SetupError(
            f"{where} has no target {target.name}: there are {', '.join(found)}",
            "Choose another base, or another FRAMEWORK.",
        )
    return found[target.name]


# --- what differs -----------------------------------------------------------------------------


_PLAIN = ("--no-ext-diff", "--no-textconv")
"""No program of the user's has a say in what differs."""


def uncommitted_sha256(root: Path) -> str:
    """A digest of all that is changed since the last commit and of every new file; "" for a clean
    tree, and where git cannot tell.
    """
    changed = told(root, "diff", "HEAD", "--binary", *_PLAIN)
    fresh = told(root, "ls-files", "--others", "--exclude-standard", "-z")
    if not changed and not fresh:
        return ""
    digest = hashlib.sha256((changed or "").encode())
    for name in sorted(filter(None, (fresh or "").split("\0"))):
        digest.update(f"{name}\0".encode())
        if (root / name).is_file():
            digest.update((root / name).read_bytes())
    return digest.hexdigest()


def changed_files(root: Path, commit: str, paths: tuple[str, ...]) -> tuple[str, ...]:
    """What git's --stat says between a commit and the working tree, and every new file."""
    stat = told(root, "diff", "--stat=100", *_PLAIN, commit, "--", *paths) or ""
    fresh = told(root, "ls-files", "--others", "--exclude-standard", "--", *paths) or ""
    return (*stat.splitlines(), *(f" {name} (new)" for name in fresh.splitlines()))
