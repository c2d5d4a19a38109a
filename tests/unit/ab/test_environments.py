"""The packages of a side: made once by uv, from a lock, with others in the place of some.

Here uv is a program that writes down what it is asked for.
"""

import json
import sys
from pathlib import Path

import pytest

from bench.errors import SetupError, UsageError
from bench.experiment.ab import environments
from bench.experiment.ab.code import Code
from bench.experiment.ab.environments import digest_of, find_uv, python_for
from bench.experiment.os_errors import refused

UV = """#!{python}
import json, os, pathlib, sys
with open({log!r}, "a") as log:
    log.write(json.dumps([sys.argv[1:], os.environ.get("UV_PROJECT_ENVIRONMENT", "")]) + "\\n")
if "full" in " ".join(sys.argv):
    sys.exit("error: failed to write: No space left on device (os error 28)")
if "broken" in " ".join(sys.argv):
    sys.exit("error: there is no such version")
if place := os.environ.get("UV_PROJECT_ENVIRONMENT"):
    pathlib.Path(place, "bin").mkdir(parents=True)
    pathlib.Path(place, "lib").mkdir()
    pathlib.Path(place, "lib", "module.py").touch()
"""


class Project:
    """The lab's root with a uv of its own, and what that was asked for."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "root"
        self.log = folder / "log"
        self.kept = folder / "environments"
        tool = self.root / ".tools" / "uv"
        tool.parent.mkdir(parents=True)
        tool.write_text(UV.format(python=sys.executable, log=str(self.log)))
        tool.chmod(0o755)
        (self.root / "uv.lock").write_text("lock 1")

    def code(self, folder: Path, lock: str, commit: str = "abc") -> Code:
        folder.mkdir()
        (folder / "uv.lock").write_text(lock)
        dependencies = ["Django>=6.1", "flask>=3", "pydantic>=2"]
        (folder / "pyproject.toml").write_text(
            f"[project]\nname = 'x'\ndependencies = {dependencies!r}\n"
        )
        return Code(folder, commit)

    def made(self, code: Code, *requirements: str) -> Path | None:
        return python_for(code, requirements, self.root, self.kept, lambda _line: None)

    @property
    def asked(self) -> list[tuple[list[str], str]]:
        if not self.log.exists():
            return []
        return [tuple(json.loads(line)) for line in self.log.read_text().splitlines()]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_the_same_lock_is_the_labs_own_environment(project: Project, tmp_path: Path) -> None:
    """Nothing is made where nothing else is asked for."""
    assert project.made(project.code(tmp_path / "a", "lock 1")) is None
    assert project.asked == []


def test_another_lock_is_made_whole_and_once(project: Project, tmp_path: Path) -> None:
    """By uv, frozen, with all groups, compiled; the next time it is there."""
    code = project.code(tmp_path / "a", "lock 2")
    python = project.made(code)
    assert python == project.kept / digest_of(code, ()) / "bin" / "python"
    ((words, place),) = project.asked
    assert words[0] == "sync"
    assert {"--frozen", "--all-groups", str(code.folder)} <= {*words}
    assert place == str(python.parents[1])
    assert list(python.parents[1].glob("lib/__pycache__/module.*.pyc"))
    assert project.made(project.code(tmp_path / "b", "lock 2", "def")) == python
    assert len(project.asked) == 1


def test_packages_take_the_place_of_locked_ones(project: Project, tmp_path: Path) -> None:
    """What the project asks for of others stays asked for, so that uv sees what cannot be."""
    code = project.code(tmp_path / "a", "lock 1", "")
    first = project.made(code, "django==5.2.*")
    (_, _), (words, _) = project.asked
    assert words[:2] == ["pip", "install"]
    assert words[words.index("--") + 1 :] == ["django==5.2.*", "flask>=3", "pydantic>=2"]
    assert first != project.made(code, "django==6.0.*")


def test_what_cannot_be_had_is_uvs_sentence_and_leaves_nothing(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A requirement is the caller's mistake, a lock is the base's; half an environment is none."""
    code = project.code(tmp_path / "a", "lock 1", "")
    with pytest.raises(UsageError, match="there is no such version"):
        project.made(code, "broken==1")
    with pytest.raises(SetupError, match=r"(?s)commit abc .*there is no such version"):
        project.made(project.code(tmp_path / "broken", "lock 2"))
    assert list(project.kept.glob("*")) == []
    monkeypatch.setattr(environments.shutil, "which", lambda _name: None)
    (project.root / ".tools" / "uv").unlink()
    with pytest.raises(SetupError, match="there is no uv"):
        find_uv(project.root)


def test_a_full_disk_is_told_as_such_and_leaves_nothing(project: Project, tmp_path: Path) -> None:
    """Whoever meets it: uv with the lock, uv with packages, Python that compiles. It is no mistake
    in what was asked.
    """
    code = project.code(tmp_path / "a", "lock 1", "")
    for made in (
        lambda: project.made(project.code(tmp_path / "full", "lock 2")),
        lambda: project.made(code, "full==1"),
    ):
        with pytest.raises(OSError, match="No space left") as caught:
            made()
        told = refused(caught.value)
        assert told is not None
        assert told.remedy.startswith("Free some space")
        assert list(project.kept.glob("*")) == []


def test_an_environment_that_was_not_finished_is_made_anew(
    project: Project, tmp_path: Path
) -> None:
    """It bears no mark."""
    code = project.code(tmp_path / "a", "lock 2")
    left = project.kept / digest_of(code, ()) / "bin"
    left.mkdir(parents=True)
    (left / "half").touch()
    project.made(code)
    assert not (left / "half").exists()
    assert len(project.asked) == 1
