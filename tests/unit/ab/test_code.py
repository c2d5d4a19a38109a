"""The code of a side: out of git or out of the working tree, which both stay as they are."""

import shutil
import subprocess
from pathlib import Path

import pytest

from bench.errors import SetupError, UsageError
from bench.experiment.ab import code
from bench.experiment.ab.code import (
    changed_files,
    commit_of,
    commits_code,
    target_in,
    trees_code,
    uncommitted_sha256,
)
from bench.targets import SERVICES, known_targets

FLASK = next(target for target in known_targets() if target.name == "flask")

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="there is no git here")


def git(root: Path, *words: str) -> str:
    command = ["git", "-C", str(root), "-c", "user.name=a", "-c", "user.email=a@b", *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A project with one service, committed; the lab's own file makes it one of ours."""
    root = tmp_path / "project"
    service = root / "services" / "flask"
    service.mkdir(parents=True)
    shutil.copy(SERVICES / "flask" / "service.toml", service)
    (service / "app.py").write_text("one = 1\n")
    (root / "bench").mkdir()
    (root / "bench" / "__main__.py").touch()
    for name in ("pyproject.toml", "uv.lock"):
        (root / name).write_text(f"# {name}\n")
    git(root, "init", "--initial-branch=main")
    git(root, "add", ".")
    git(root, "commit", "-m", "one")
    return root


@needs_git
def test_a_commit_is_taken_out_of_git_and_nothing_else_changes(
    repository: Path, tmp_path: Path
) -> None:
    """Its services, its lock; neither the tree nor the index is touched."""
    app = repository / "services/flask/app.py"
    app.write_text("two = 2\n")
    git(repository, "add", "services")
    index = (repository / ".git/index").read_bytes()
    commit = commit_of(repository, "main")
    assert commit == git(repository, "rev-parse", "HEAD")
    found = commits_code(repository, commit, tmp_path / "base")
    assert (found.folder / "services/flask/app.py").read_text() == "one = 1\n"
    assert found.lock.read_text() == "# uv.lock\n"
    assert not (found.folder / "bench").exists()
    assert app.read_text() == "two = 2\n"
    assert (repository / ".git/index").read_bytes() == index
    assert target_in(found, FLASK).directory == found.folder / "services/flask"


@needs_git
def test_the_working_tree_is_copied_with_what_is_not_committed(
    repository: Path, tmp_path: Path
) -> None:
    """Whoever goes on editing changes nothing that is measured; caches and tests stay behind."""
    service = repository / "services/flask"
    (service / "new.py").write_text("new\n")
    (service / "__pycache__").mkdir()
    found = trees_code(repository, (service,), tmp_path / "tree")
    (service / "new.py").write_text("newer\n")
    assert (found.folder / "services/flask/new.py").read_text() == "new\n"
    assert not (found.folder / "services/flask/__pycache__").exists()
    assert (found.commit, found.lock.exists()) == ("", True)


@needs_git
def test_what_is_no_commit_is_told_with_the_remedy(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A typing error, a shallow clone, no repository and no git have a remedy each."""
    with pytest.raises(UsageError, match=r"no commit 'nowhere'.*\n.*git fetch"):
        commit_of(repository, "nowhere")
    with pytest.raises(UsageError, match="no commit '--help'"):
        commit_of(repository, "--help")
    (repository / "more").touch()
    git(repository, "add", ".")
    git(repository, "commit", "-m", "two")
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "--depth=1", f"file://{repository}", str(shallow))
    with pytest.raises(UsageError, match=r"shallow.*\n.*--unshallow"):
        commit_of(shallow, "HEAD~1")
    with pytest.raises(SetupError, match="no git repository"):
        commit_of(tmp_path, "HEAD")
    monkeypatch.setattr(code, "has_git", lambda: False)
    with pytest.raises(SetupError, match="no git on PATH"):
        commit_of(repository, "HEAD")


@needs_git
def test_a_base_without_what_a_side_needs_is_told(repository: Path, tmp_path: Path) -> None:
    """No services, no such framework, no such target, no description that this lab reads."""
    first = git(repository, "rev-parse", "HEAD")
    found = commits_code(repository, first, tmp_path / "base")
    description = found.folder / "services/flask/service.toml"
    whole = description.read_text()
    description.write_text(whole.replace("[targets.flask]", "[targets.flask-other]"))
    with pytest.raises(SetupError, match="has no target flask"):
        target_in(found, FLASK)
    description.write_text(f"unknown = 1\n{whole}")
    with pytest.raises(SetupError, match="none that this lab reads"):
        target_in(found, FLASK)
    description.unlink()
    with pytest.raises(SetupError, match=r"has no services/flask/service.toml"):
        target_in(found, FLASK)
    git(repository, "rm", "-r", "services", "uv.lock")
    git(repository, "commit", "-m", "bare")
    with pytest.raises(SetupError, match=r"has no services and no uv.lock"):
        commits_code(repository, commit_of(repository, "HEAD"), tmp_path / "bare")
    assert not (tmp_path / "bare").exists()


@needs_git
def test_what_is_changed_is_told_and_known_by_a_digest(repository: Path) -> None:
    """A clean tree has none; each change and each new file gives another."""
    commit, paths = git(repository, "rev-parse", "HEAD"), ("services/flask", "uv.lock")
    assert uncommitted_sha256(repository) == ""
    assert changed_files(repository, commit, paths) == ()
    (repository / "services/flask/app.py").write_text("two = 2\n")
    changed = uncommitted_sha256(repository)
    (repository / "services/flask/new.py").write_text("new\n")
    fresh = uncommitted_sha256(repository)
    (repository / "services/flask/new.py").write_text("newer\n")
    assert len({"", changed, fresh, uncommitted_sha256(repository)}) == 4
    told = "\n".join(changed_files(repository, commit, paths))
    assert "app.py" in told
    assert "services/flask/new.py (new)" in told
