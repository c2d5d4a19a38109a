"""The first `make` of a fresh clone, in the circumstances of other people.

The real Makefile, bootstrap.sh and uv prepare a project that has no packages, so that a run takes
a moment.
"""

import fcntl
import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from bench.supervise.identity import current_identity

from .conftest import ROOT

_HERE, _ON_PATH = ROOT / ".tools/uv", shutil.which("uv")
UV = _HERE if _HERE.exists() else _ON_PATH
needs_uv = pytest.mark.skipif(UV is None, reason="inside `nix develop` nothing is bootstrapped")

PYPROJECT = '[project]\nname = "mini"\nversion = "0"\nrequires-python = "==3.13.*"\n'
LOCK = """version = 1
revision = 3
requires-python = "==3.13.*"

[[package]]
name = "mini"
version = "0"
source = { virtual = "." }
"""
NO_NETWORK = dict.fromkeys(("http_proxy", "https_proxy", "ALL_PROXY"), "http://127.0.0.1:9")
TOOLS = "awk cat chmod cut dirname env flock make mkdir rm sed sh touch uname"


class Clone:
    """A checkout of the small project, and a home, in folders of their own."""

    def __init__(self, folder: Path, home: Path) -> None:
        self.folder, self.home = folder, home
        (folder / "bench").mkdir(parents=True)
        for name in ("Makefile", ".python-version", "bench/bootstrap.sh", "bench/uv.json"):
            shutil.copy(ROOT / name, folder / name)
        (folder / "pyproject.toml").write_text(PYPROJECT + "[tool.uv]\npackage = false\n")
        (folder / "uv.lock").write_text(LOCK)
        if UV:
            (folder / ".tools").mkdir()
            (folder / ".tools" / "uv").symlink_to(UV)
        home.mkdir(exist_ok=True)

    def environment(self, **changes: str | None) -> dict[str, str]:
        """A usual environment with these changes; None leaves a variable out."""
        usual = {"PATH": os.environ["PATH"], "HOME": str(self.home), "UV_OFFLINE": "1"}
        if "PYENV_ROOT" in os.environ:
            usual["PYENV_ROOT"] = os.environ["PYENV_ROOT"]
        else:
            usual["PYENV_ROOT"] = str(Path.home() / ".pyenv")
        return {name: value for name, value in {**usual, **changes}.items() if value is not None}

    def command(self) -> list[str]:
        return ["make", "--no-print-directory", "-C", str(self.folder), ".venv/.complete"]

    def make(self, *prefix: str, **changes: str | None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*prefix, *self.command()],
            env=self.environment(**changes),
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )

    def is_whole(self) -> bool:
        """Whether .venv belongs to this folder and its Python starts."""
        python = self.folder / ".venv/bin/python"
        if not python.exists():
            return False
        done = subprocess.run(
            [python, "-I", "-c", "import sys; print(sys.prefix)"],
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout == f"{self.folder / '.venv'}\n"


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    """In a folder with a space."""
    return Clone(tmp_path / "a clone" / "onecore", tmp_path / "home")


def users_own(folder: Path) -> dict[str, str]:
    """An environment that the user has made for something else; what is in it."""
    (folder / "bin").mkdir(parents=True)
    (folder / "bin/python").symlink_to(sys.executable)
    (folder / "pyvenv.cfg").write_text(f"home = {Path(sys.base_prefix) / 'bin'}\nversion = 3.13\n")
    (folder / "lib/python3.13/site-packages/theirs").mkdir(parents=True)
    (folder / "lib/python3.13/site-packages/theirs/__init__.py").write_text("precious")
    return contents(folder)


def contents(folder: Path) -> dict[str, str]:
    return {str(path): path.read_text() for path in folder.rglob("*.*") if path.is_file()}


HOSTILE: Mapping[str, Mapping[str, str | None]] = {
    "nothing special": {},
    "another project's environment": {"UV_PROJECT_ENVIRONMENT": "{theirs}"},
    "an active environment": {"VIRTUAL_ENV": "{theirs}", "CONDA_PREFIX": "{theirs}"},
    "another project": {"UV_PROJECT": "/nonexistent", "UV_WORKING_DIRECTORY": "/nonexistent"},
    "another choice of packages": {"UV_NO_SYNC": "1", "UV_EXCLUDE_NEWER": "2020-01-01"},
    "another place for Python": {"UV_PYTHON_INSTALL_DIR": "/nonexistent", "UV_MANAGED_PYTHON": "1"},
    "another Python's variables": {"PYTHONHOME": "/nonexistent", "PYTHONPATH": "/nonexistent"},
    "pip's": {"PIP_REQUIRE_VIRTUALENV": "1", "PIP_TARGET": "/nonexistent", "PIP_NO_INDEX": "1"},
    "the shell's": {"CDPATH": "/:/tmp", "SHELL": "/bin/false", "ENV": "/nonexistent", "IFS": "/"},
    "no home": {"HOME": None},
    "a home that is not there": {"HOME": "/nonexistent"},
    "a locale that is not there": {"LC_ALL": "xx_XX.UTF-8", "LANG": "xx_XX"},
    "no way out, and nothing to get": {**NO_NETWORK, "UV_OFFLINE": None},
    "make's": {"MAKEFLAGS": "-j4", "MAKELEVEL": "1"},
}  # fmt: skip


@needs_uv
@pytest.mark.parametrize("changes", HOSTILE.values(), ids=HOSTILE)
def test_it_is_made_whatever_the_environment_says(
    clone: Clone, tmp_path: Path, changes: Mapping[str, str | None]
) -> None:
    """.venv appears where it belongs, and what is the user's own stays as it is."""
    theirs = tmp_path / "theirs"
    before = users_own(theirs)
    done = clone.make(
        **{name: value and value.format(theirs=theirs) for name, value in changes.items()}
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert clone.is_whole()
    assert contents(theirs) == before


def test_only_what_is_on_the_list_reaches_uv(clone: Clone, tmp_path: Path) -> None:
    """Whatever variable uv will know next: it is let through because somebody has decided so."""
    pinned = json.loads((ROOT / "bench/uv.json").read_text())["version"]
    told = tmp_path / "told"
    fake = tmp_path / "bin" / "uv"
    fake.parent.mkdir()
    fake.write_text(
        f'#!/bin/sh\nenv >>"{told}"\n[ "$1" = --version ] && echo "uv {pinned}" && exit\n'
        f'[ "$1" = venv ] && mkdir -p .venv\n[ "$1" = python ] && echo /bin/true\nexit 0\n'
    )
    fake.chmod(0o755)
    hostile = (
        "UV_SOMETHING_NEW",
        "PIP_SOMETHING",
        "PYTHONSOMETHING",
        "VIRTUAL_ENV",
        "CONDA_PREFIX",
    )
    wanted = {"https_proxy": "http://a  b:1", "UV_CACHE_DIR": 'with "quotes" and $HOME'}
    done = clone.make(
        **dict.fromkeys(hostile, "bad"), **wanted, PATH=f"{fake.parent}:{os.environ['PATH']}"
    )
    assert done.returncode == 0, done.stderr
    lines = told.read_text().splitlines()
    assert not [line for line in lines if "bad" in line]
    assert {f"{name}={value}" for name, value in wanted.items()} <= set(lines)
    assert "UV_NO_CONFIG=1" in lines


def test_another_pythons_variables_do_not_reach_the_labs(clone: Clone, tmp_path: Path) -> None:
    """PYTHONHOME alone would end each verb with a fatal error."""
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\nenv\n")
    python.chmod(0o755)
    hostile = dict.fromkeys(("PYTHONHOME", "PYTHONPATH", "PYTHONNEW"), "/nonexistent")
    done = subprocess.run(
        ["make", "-C", str(clone.folder), "status", f"ONECORE_PYTHON={python}"],
        env=clone.environment(FRAMEWORK="drf", **hostile), capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert "FRAMEWORK=drf" in done.stdout.splitlines()
    assert [line for line in done.stdout.splitlines() if line.startswith("PYTHON")] == []


@needs_uv
def test_settings_of_the_users_uv_change_nothing(clone: Clone) -> None:
    """A uv.toml at home asks for another uv and no binaries."""
    settings = clone.home / ".config/uv/uv.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text('required-version = "==0.0.1"\nno-binary = true\n')
    assert clone.make().returncode == 0
    assert clone.is_whole()


@needs_uv
def test_a_python_that_is_gone_is_replaced(clone: Clone) -> None:
    """After an upgrade of the system .venv/bin/python leads nowhere: it is made anew, once."""
    assert clone.make().returncode == 0
    python = clone.folder / ".venv/bin/python"
    python.unlink()
    python.symlink_to("/nonexistent/python3.13")
    assert not clone.is_whole()
    assert clone.make().returncode == 0
    assert clone.is_whole()
    assert "up to date" in clone.make().stdout


@needs_uv
def test_a_copied_checkout_has_its_own(clone: Clone, tmp_path: Path) -> None:
    """A copied .venv names the folder that it was made in; the copy makes its own."""
    assert clone.make().returncode == 0
    copy = Clone(tmp_path / "copy", tmp_path / "home")
    shutil.copytree(clone.folder / ".venv", copy.folder / ".venv", symlinks=True)
    (copy.folder / ".venv/of-the-original").touch()
    assert copy.make().returncode == 0
    assert copy.is_whole()
    assert not (copy.folder / ".venv/of-the-original").exists()
    assert clone.is_whole()


@needs_uv
def test_a_foreign_environment_is_refused_and_kept(clone: Clone) -> None:
    """A .venv that an editor or the user has made here is not emptied; the remedy is named."""
    before = users_own(clone.folder / ".venv")
    done = clone.make()
    assert done.returncode != 0
    assert "that the lab has not made" in done.stderr
    assert "rm -r .venv" in done.stderr
    assert contents(clone.folder / ".venv") == before


@needs_uv
def test_what_was_broken_off_is_gone_on_with(clone: Clone) -> None:
    """Killed while packages were installed: the next make finishes it."""
    assert clone.make().returncode == 0
    (clone.folder / ".venv/.complete").unlink()
    assert clone.make().returncode == 0
    assert clone.is_whole()


def few_tools(folder: Path) -> str:
    """A PATH with what a bare system has, and no Python."""
    folder.mkdir()
    for name in TOOLS.split():
        found = shutil.which(name)
        assert found, name
        (folder / name).symlink_to(found)
    return str(folder)


@needs_uv
def test_no_python_and_no_way_to_get_one(clone: Clone, tmp_path: Path) -> None:
    """The cause is told, and each remedy."""
    (clone.folder / ".python-version").write_text("3.9.1\n")  # nobody has that one
    done = clone.make(
        **NO_NETWORK, PATH=few_tools(tmp_path / "bin"), PYENV_ROOT="/nonexistent", UV_OFFLINE=None,
        UV_HTTP_RETRIES="0",
    )  # fmt: skip
    assert done.returncode != 0
    assert "there is no Python 3.9.1 on PATH or in pyenv" in done.stderr
    assert "Connection refused" in done.stderr, "the cause"
    for remedy in ("apt install python3", "pyenv install 3.9.1", "nix develop", "https_proxy"):
        assert remedy in done.stderr


def test_half_a_uv_is_fetched_again(clone: Clone, tmp_path: Path) -> None:
    """A torn .tools/uv is no uv; without a way out the cause and the remedies are named."""
    (clone.folder / ".tools").mkdir(exist_ok=True)
    uv = clone.folder / ".tools/uv"
    uv.unlink(missing_ok=True)
    uv.write_bytes(b"\x7fELF")
    uv.chmod(0o755)
    tools = few_tools(tmp_path / "bin")
    Path(tools, "python3").symlink_to(sys.executable)
    done = clone.make(PATH=tools, **NO_NETWORK)
    assert done.returncode != 0
    assert "cannot download uv: " in done.stderr
    assert "https_proxy" in done.stderr
    assert "put uv" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_python3_that_does_not_start_is_not_one(clone: Clone, tmp_path: Path) -> None:
    """Like pyenv's, when no version is chosen."""
    (clone.folder / ".tools/uv").unlink(missing_ok=True)
    tools = few_tools(tmp_path / "bin")
    Path(tools, "python3").write_text("#!/bin/sh\necho no version is set >&2\nexit 127\n")
    Path(tools, "python3").chmod(0o755)
    script = clone.folder / "bench/bootstrap.sh"
    script.write_text(script.read_text().replace("/usr/bin/python3", "/nonexistent"))
    done = clone.make(PATH=tools)
    assert done.returncode != 0
    assert "there is no python3 on PATH that starts" in done.stderr
    assert "apt install python3" in done.stderr


@needs_uv
def test_two_makes_at_once_wait_for_each_other(clone: Clone) -> None:
    """The second one says so, and goes on when the first has ended."""
    with (clone.folder / ".tools/lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        waiting = subprocess.Popen(
            clone.command(), env=clone.environment(), stderr=subprocess.PIPE, text=True
        )
        assert waiting.stderr is not None
        assert "another make is setting up Python here" in waiting.stderr.readline()
        assert not (clone.folder / ".venv").exists()
    waiting.communicate(timeout=240)
    assert waiting.returncode == 0
    assert clone.is_whole()


def test_a_folder_that_is_not_ones_own(clone: Clone, public_folder: Path) -> None:
    """Who may not write there is told so, with what to do."""
    folder = public_folder / "somebody's"
    shutil.copytree(clone.folder, folder, symlinks=True)
    shutil.rmtree(folder / ".tools", ignore_errors=True)
    prefix = current_identity((folder,)).prefix
    if not prefix:
        folder.chmod(0o555)
    done = subprocess.run(
        [*prefix, "make", "-C", str(folder), ".venv/.complete"],
        env=clone.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert f"cannot write in {folder}" in done.stderr
    assert "git clone" in done.stderr


@needs_uv
def test_services_users_can_read_what_is_made_under_any_umask(clone: Clone) -> None:
    """umask 077, as some systems give root."""
    assert clone.make("sh", "-c", 'umask 077; exec "$@"', "sh").returncode == 0
    made = [path for path in (clone.folder / ".venv").rglob("*") if not path.is_symlink()]
    assert made
    assert [path for path in made if not path.stat().st_mode & stat.S_IROTH] == []


def test_make_of_another_folders_makefile_is_told_how(clone: Clone, tmp_path: Path) -> None:
    """`make -f` would set up Python wherever one happens to be."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = subprocess.run(
        ["make", "-f", str(clone.folder / "Makefile"), "status"],
        cwd=elsewhere, env=clone.environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert "make -C" in done.stderr
    assert list(elsewhere.iterdir()) == []


def test_a_clone_that_asks_for_crlf_gets_none(tmp_path: Path) -> None:
    """core.autocrlf=true, Git's default elsewhere: neither make nor sh would run such files."""
    git = ("git", "-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main")
    origin, copy = tmp_path / "origin", tmp_path / "copy"
    names = (".gitattributes", "Makefile", "bench/bootstrap.sh", "bench/uv.json", ".python-version")
    for name in names:
        (origin / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, origin / name)
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "all"]):
        subprocess.run([*git, *words], cwd=origin, check=True)
    clone = ("clone", "-q", "-c", "core.autocrlf=true", str(origin), str(copy))
    subprocess.run([*git, *clone], check=True)
    assert [name for name in names if b"\r" in (copy / name).read_bytes()] == []
