"""What of the caller's environment reaches the lab, and what it starts."""

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench import environment
from bench.cli import make_variables
from bench.environment import (
    FETCHING,
    LAB_VARIABLES,
    LET_THROUGH,
    REACHES_SERVICES,
    VERB_VARIABLES,
    composed,
    fetching,
    insulated,
    lab_command,
    let_through,
)
from bench.load import process

ROOT = Path(__file__).parents[2]
BENCH = ROOT / "bench"

# Each changes what some program does that the lab runs, or runs on.
HOSTILE = {
    "WEB_CONCURRENCY": "4",
    "GUNICORN_CMD_ARGS": "--workers 3",
    "UVICORN_WORKERS": "2",
    "FLASK_DEBUG": "1",
    "DJANGO_SETTINGS_MODULE": "elsewhere",
    "PGPASSWORD": "x",
    "PGSSLMODE": "require",
    "PGSERVICE": "elsewhere",
    "PGOPTIONS": "-c statement_timeout=1",
    "http_proxy": "http://127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "ALL_PROXY": "http://127.0.0.1:9",
    "LOCUST_RUN_TIME": "1s",
    "GIT_DIR": "/nowhere",
    "PYTHONPATH": "/nowhere",
    "PYTHONOPTIMIZE": "2",
    "PYTHONMALLOC": "debug",
    "MALLOC_ARENA_MAX": "1",
    "GLIBC_TUNABLES": "glibc.malloc.check=3",
    "LD_PRELOAD": "",
    "UV_PROJECT_ENVIRONMENT": "/nowhere",
    "SECRET_KEY": "x",
    "DATABASE_URL": "sqlite://",
}


def test_every_variable_of_a_verb_is_let_through() -> None:
    """An option that `make` hands on in the environment would be lost otherwise."""
    assert make_variables() - {*LAB_VARIABLES} <= VERB_VARIABLES


def test_each_that_is_let_through_has_its_reason() -> None:
    """And what reaches services is of those."""
    assert all(LET_THROUGH.values())
    assert set(REACHES_SERVICES) <= {*LET_THROUGH}
    assert not {*HOSTILE} & {*LET_THROUGH, *LAB_VARIABLES, *VERB_VARIABLES}


def test_what_is_not_on_the_list_ends_here() -> None:
    """Whatever else a shell exports."""
    kept = {"PATH": "/bin", "FRAMEWORK": "drf", "PORT_OFFSET": "100", "TERM": "dumb"}
    found = insulated({**HOSTILE, **kept})
    assert {name: found[name] for name in found if not name.startswith("ONECORE_FOR_UV_")} == kept


def test_how_packages_are_fetched_reaches_uv_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Under another name in the lab, and under its own for uv; whatever bootstrap.sh lets through
    of proxies, certificates and uv's cache and index.
    """
    script = (ROOT / "bench" / "bootstrap.sh").read_text()
    listed = script.partition('let_through="')[2].partition('"')[0].split()
    whose = {"PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "XDG_DATA_HOME", "LD_LIBRARY_PATH"}
    pythons = {name for name in listed if name.startswith("UV_PYTHON")} | {"PYENV_ROOT"}
    assert {*FETCHING} == {*listed} - whose - pythons
    once = insulated({"https_proxy": "http://proxy", "HOME": "/home/me", "PIP_INDEX_URL": "x"})
    assert "https_proxy" not in once
    assert insulated(once) == once
    monkeypatch.setattr(os, "environ", once)
    told = fetching()
    assert told["https_proxy"] == "http://proxy"
    assert told["HOME"] == "/home/me"
    assert told["UV_NO_CONFIG"] == "1"
    assert "https_proxy" not in composed()


def test_what_is_measured_gets_what_the_lab_composed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the home nor anything that nobody named; what Python needs to be loaded goes on."""
    for name, value in {**HOSTILE, "HOME": "/home/me", "LD_LIBRARY_PATH": "/lib/x"}.items():
        monkeypatch.setenv(name, value)
    found = composed(PORT="1")
    assert set(found) == {"PATH", "LC_ALL", "HOME", "LD_LIBRARY_PATH", "PORT"}
    assert found["HOME"] == "/nonexistent"
    assert not {*HOSTILE} & {*process.environment()} - {"PYTHONPATH"}
    assert process.environment()["PYTHONPATH"] == str(ROOT)
    told = let_through()
    assert told["services"] == {"LD_LIBRARY_PATH": "/lib/x"}


SHOW = "import json, os, sys; print(json.dumps([dict(os.environ), sys.flags.isolated, sys.argv]))"


def test_the_lab_starts_anew_without_it(tmp_path: Path) -> None:
    """Isolated, from any folder, with the same words; a package of the caller's is not found."""
    (tmp_path / "pydantic.py").write_text("raise SystemExit('the caller’s own')")
    (tmp_path / "usercustomize.py").write_text("raise SystemExit('the caller’s own')")
    done = subprocess.run(
        [sys.executable, "-m", "bench", "status", "--help"],
        cwd=ROOT,
        env={**os.environ, **HOSTILE, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Show every service and database" in done.stdout


def test_it_goes_on_with_the_same_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once: what has been started so is not started again."""
    started: list[tuple[str, list[str], dict[str, str]]] = []
    monkeypatch.setattr(os, "execve", lambda *words: started.append(words))
    monkeypatch.setattr(sys, "argv", ["bench", "bench", "--rounds", "2"])
    monkeypatch.setenv("PGPASSWORD", "x")
    environment.insulate()
    ((program, words, given),) = started
    assert program == sys.executable
    assert words == lab_command("bench", "--rounds", "2")
    assert "PGPASSWORD" not in given
    monkeypatch.setattr(sys, "_xoptions", {"insulated": True})
    environment.insulate()
    assert len(started) == 1


def test_the_command_needs_no_folder(tmp_path: Path) -> None:
    """Not even one that can be found by PYTHONPATH."""
    command = [*lab_command("--help")]
    done = subprocess.run(command, cwd=tmp_path, env={}, capture_output=True, text=True, check=True)
    assert "one dedicated core" in done.stdout


def test_isolated_is_isolated() -> None:
    """What the mark promises is what Python then does."""
    words = lab_command()
    command = [*words[: words.index("-X")], "-c", SHOW]
    done = subprocess.run(command, env={"PYTHONPATH": "/x"}, capture_output=True, check=True)
    assert json.loads(done.stdout)[1] == 1


# --- nobody goes round it ---------------------------------------------------------------------


def reads(path: Path) -> Iterator[str]:
    """The names of variables that a module reads; "*" where it takes all of them."""
    tree = ast.parse(path.read_text())
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Attribute) and ast.unparse(node) == "os.environ"):
            continue
        use = parents[node]
        if isinstance(use, ast.Subscript) and isinstance(use.slice, ast.Constant):
            yield str(use.slice.value)
        elif isinstance(use, ast.Attribute) and use.attr in ("get", "setdefault"):
            call = parents[use]
            assert isinstance(call, ast.Call)
            name = call.args[0]
            yield str(name.value) if isinstance(name, ast.Constant) else ast.unparse(name)
        elif isinstance(use, ast.Compare) and isinstance(use.left, ast.Constant):
            yield str(use.left.value)
        else:
            yield "*"


# These hand the lab's own environment on, as it was let through: to the tools of a person's own
# systemd, and to a person's psql.
WHOLE = {
    "supervise/systemd/manager.py",
    "supervise/systemd/keeper.py",
    "cli/services.py",
    "load/users/settings.py",
    "environment.py",
}


def test_no_module_reads_what_is_not_let_through() -> None:
    """A name that is not on the list would be read in vain, or past the list."""
    known = {*LAB_VARIABLES, *VERB_VARIABLES, *LET_THROUGH, "MORE_SERVICES", "ONECORE_PLANT"}
    found = {}
    for path in BENCH.rglob("*.py"):
        name = str(path.relative_to(BENCH))
        found[name] = set(reads(path)) - known - ({"*", "name"} if name in WHOLE else set())
    assert any("ONECORE_PG_BIN" in set(reads(path)) for path in BENCH.rglob("*.py"))
    assert {name: names for name, names in found.items() if names} == {}
