"""docs/modes.md is complete: a standard target has no setting and no class that is not on it.

Each service tells from inside what it has off its defaults (inside.py). A target of the mode
`standard` whose folder has no `tests/tell_differences.py` fails here.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench.model import Target
from bench.targets import known_targets

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "modes.md").read_text()
TARGETS = {target.name: target for target in known_targets()}
STANDARD = [name for name, target in TARGETS.items() if target.mode == "standard"]
TUNED = [name for name, target in TARGETS.items() if target.mode == "tuned"]
# A setting of each framework's own that nobody has a reason for: where it is put, and its name.
PLANTS = {
    "drf": ("config/settings/standard.py", "USE_TZ = False", "django.USE_TZ"),
    "fastapi": ("app/standard/main.py", "app.debug = True", "fastapi.debug"),
    "fastapi-async": ("app/asynchronous/main.py", "app.debug = True", "fastapi.debug"),
    "flask": ("inventory/config.py", "TESTING = True", "flask.TESTING"),
}


@pytest.fixture(scope="module")
def secret_key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some service wants one before it starts."""
    path = tmp_path_factory.mktemp("modes") / "key"
    path.write_text("x" * 60)
    return path


@pytest.fixture(scope="module", params=STANDARD)
def standard(request: pytest.FixtureRequest, secret_key: Path) -> tuple[str, dict[str, Any]]:
    """A standard target's name, and what it tells of itself."""
    return request.param, told_by(TARGETS[request.param], secret_key)


def told_by(target: Target, secret_key: Path) -> dict[str, Any]:
    """What the service tells of itself in the environment that serves it."""
    script = target.directory / "tests" / "tell_differences.py"
    assert script.exists(), f"nothing tells what {target.name} has off its defaults"
    environment = os.environ | target.environment
    environment |= {
        "DATABASE_URL": f"postgresql://nobody@127.0.0.1:1/{target.database_name}",
        "PGPASSFILE": os.devnull,
        "SECRET_KEY_FILE": str(secret_key),
        "ONECORE_TARGET": target.name,
        "PYTHONPATH": f"{Path(__file__).parent}{os.pathsep}{target.directory}",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    filled = {"python": sys.executable, "host": "127.0.0.1", "port": str(target.http_port)}
    command = [argument.format(**filled) for argument in target.serve]
    done = subprocess.run(
        [sys.executable, str(script), *command],
        cwd=target.directory,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def rows(name: str, what: str) -> list[list[str]]:
    """The rows of the page's tables of this kind for this target, as texts without backticks."""
    found: list[list[str]] = []
    for names, kind, table in re.findall(
        r"^### (`[^\n]*`): (\w+)\n+(.*?)(?=^#|\Z)", PAGE, re.MULTILINE | re.DOTALL
    ):
        if kind == what and f"`{name}`" in names:
            lines = [line for line in table.splitlines() if line.startswith("|")][2:]
            found += [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines]
    return found


def plain(cell: str) -> str:
    return cell.replace("`", "")


def test_every_setting_off_its_default_is_on_the_page(
    standard: tuple[str, dict[str, Any]],
) -> None:
    """With the value that is in force; and the page names none that has its default."""
    name, told = standard[0], standard[1]["settings"]
    page = {plain(row[0]): plain(row[1]) for row in rows(name, "settings")}
    compared = {key: page.get(key) if text is None else text for key, text in told.items()}
    assert page == compared


def test_every_class_of_a_library_that_is_extended_is_on_the_page(
    standard: tuple[str, dict[str, Any]],
) -> None:
    """With its base, and with each name of the base that it defines anew. None is patched."""
    name, told = standard
    page = {
        plain(row[0]): {
            "extends": plain(row[1]).split(", "),
            "overrides": [] if row[2] == "–" else plain(row[2]).split(", "),
        }
        for row in rows(name, "classes")
    }
    assert page == told["classes"]
    assert told["patches"] == []


@pytest.mark.parametrize("name", STANDARD)
def test_every_row_has_its_page(name: str) -> None:
    """A reason that nobody can look up is none: each row links to a page of documentation."""
    for row in rows(name, "settings") + rows(name, "classes"):
        assert re.search(r"\]\(https://[^)]+\)", row[-1]), row


def test_what_is_planted_is_told(
    standard: tuple[str, dict[str, Any]], secret_key: Path, tmp_path: Path
) -> None:
    """A setting of the server, one of the framework, a class and a patch that are new are seen."""
    name, before = standard
    path, setting_line, setting = PLANTS[name]
    (owner, first), *_ = before["classes"].items()
    module, base = owner.rpartition(".")[0], first["extends"][0]
    target = TARGETS[name]
    folder = tmp_path / target.framework
    shutil.copytree(target.directory, folder, ignore=shutil.ignore_patterns("__pycache__"))
    with (folder / path).open("a") as file:
        file.write(f"\n{setting_line}\n")
    with (folder / (module.replace(".", "/") + ".py")).open("a") as file:
        # Read, but not run: not every base could be extended like this.
        file.write(f"\nimport {base.rpartition('.')[0]}\n\nif False:\n")
        file.write(f"    class Planted({base}): ...\n    {base}.planted = 1\n")
    planted = replace(target, directory=folder, serve=(*target.serve, "--backlog", "17"))
    after = told_by(planted, secret_key)
    new = after["settings"].keys() - before["settings"].keys()
    assert new == {setting, f"{target.serve[2]}.backlog"}
    assert after["classes"].keys() - before["classes"].keys() == {f"{module}.Planted"}
    assert after["patches"] == [f"{module}: {base}.planted"]


@pytest.mark.parametrize("name", TUNED)
def test_every_departure_has_its_gain_and_its_place(name: str) -> None:
    """What a tuned target does otherwise is told with a figure, or says that it gains nothing, and
    where it is in the code."""
    table = rows(name, "departures")
    assert table
    for _, gain, where in table:
        assert re.search(r"\d|nothing", gain), gain
        assert re.search(r"\]\(\.\./services/[^)]+\)", where), where
