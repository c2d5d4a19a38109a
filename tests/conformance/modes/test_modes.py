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
from textwrap import dedent
from typing import Any

import pytest

from bench.model import Target
from bench.targets import known_targets

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "modes.md").read_text()
TARGETS = {target.name: target for target in known_targets()}
STANDARD = [name for name, target in TARGETS.items() if target.mode == "standard"]
TUNED = [name for name, target in TARGETS.items() if target.mode == "tuned"]
# What nobody has a reason for: a file of a service, what is added to it, and what is told of that.
Plant = tuple[str, str, str]


def plants_of_fastapi(package: str, session: str, expire: str) -> tuple[Plant, ...]:
    """`session` changes the sessions in the package's database.py, and `expire` is what is told."""
    folder, module = f"app/{package}", f"app.{package}"
    listen = "from sqlalchemy import event; event.listen(getattr(engine, 'sync_engine', engine), "
    made = "import fastapi; Made = type('Made', (fastapi.Request,), {})"
    unset = "response_model_exclude_unset"
    return (
        (f"{folder}/main.py", "app.debug = True", "fastapi.debug"),
        (f"{folder}/main.py", "import gc; gc.freeze()", "python.gc.frozen"),
        (f"{folder}/main.py", made, f"{module}.main.Made"),
        (f"{folder}/items.py", f"router.routes[0].{unset} = True", f"fastapi.list_items.{unset}"),
        (f"{folder}/database.py", session, f"sqlalchemy.Session.{expire}"),
        (f"{folder}/database.py", listen + "'connect', print)", "sqlalchemy.event.connect"),
        (
            f"{folder}/database.py",
            "engine.dialect.do_ping = print",
            f"{module}.database: {module}.database.engine.dialect.do_ping",
        ),
        (
            "app/settings.py",
            "POOL['connect_args'] = {'options': '-c synchronous_commit=off'}",
            "sqlalchemy.connect_args.options",
        ),
    )


PLANTS: dict[str, tuple[Plant, ...]] = {
    "drf": (
        ("config/settings/standard.py", "USE_TZ = False", "django.USE_TZ"),
        (
            "items/standard/urls.py",
            "router.include_root_view = False",
            "rest_framework.DefaultRouter.include_root_view",
        ),
        (
            "items/standard/views.py",
            "ItemViewSet.lookup_value_converter = 'int'",
            "rest_framework.ItemViewSet.lookup_value_converter",
        ),
        (
            "items/standard/serializers.py",
            "ItemSerializer.Meta.validators = []",
            "rest_framework.ItemSerializer.Meta.validators",
        ),
    ),
    "fastapi": plants_of_fastapi(
        "standard",
        "from functools import partial; Session = partial(Session, expire_on_commit=False)",
        "expire_on_commit",
    ),
    "fastapi-async": plants_of_fastapi(
        "asynchronous", "new_session.kw['autoflush'] = False", "autoflush"
    ),
    "flask": (
        ("inventory/config.py", "TESTING = True", "flask.TESTING"),
        (
            "inventory/standard/schemas.py",
            "item_schema = ItemSchema(partial=True)",
            "marshmallow.ItemSchema.partial",
        ),
        (
            "inventory/standard/__init__.py",
            """
            made = create_app

            def create_app():
                app = made()
                app.wsgi_app = print
                return app
            """,
            "flask.wsgi_app",
        ),
        (
            "inventory/standard/items.py",
            "bp.after_request(get_item)",
            "flask.after_request_funcs",
        ),
    ),
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
    told["settings"] |= {f"environment.{name}": value for name, value in target.environment.items()}
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


def test_every_package_that_is_there_without_need_is_on_the_page(
    standard: tuple[str, dict[str, Any]],
) -> None:
    """Its memory counts as the service's: what brings it along is said, and what it takes."""
    name, told = standard
    assert [plain(row[0]) for row in rows(name, "packages")] == told["packages"]


@pytest.mark.parametrize("name", STANDARD)
def test_every_row_has_its_page(name: str) -> None:
    """A reason that nobody can look up is none: each row links to a page of documentation."""
    for row in rows(name, "settings") + rows(name, "classes"):
        assert re.search(r"\]\(https://[^)]+\)", row[-1]), row


def test_what_is_planted_is_told(
    standard: tuple[str, dict[str, Any]], secret_key: Path, tmp_path: Path
) -> None:
    """Each setting, class and patch that is new is seen, and nothing else: of the server, of the
    environment, of the interpreter, of the framework and of what it stands on."""
    name, before = standard
    (owner, first), *_ = before["classes"].items()
    module, base = owner.rpartition(".")[0], first["extends"][0]
    target = TARGETS[name]
    server = target.serve[2]
    # Read, but not run: not every base could be extended like this.
    extension = f"""
    import {base.rpartition(".")[0]}
    if False:
        class Planted({base}): ...
        {base}.planted = 1
    """
    folder = tmp_path / target.framework
    shutil.copytree(target.directory, folder, ignore=shutil.ignore_patterns("__pycache__"))
    for path, lines in (
        *((path, lines) for path, lines, _ in PLANTS[name]),
        (module.replace(".", "/") + ".py", extension),
    ):
        with (folder / path).open("a") as file:
            file.write(f"\n{dedent(lines)}\n")
    planted = replace(
        target,
        directory=folder,
        serve=(*target.serve, "--backlog", "17"),
        environment={**target.environment, "MALLOC_ARENA_MAX": "1"},
    )
    assert names_told(told_by(planted, secret_key)) - names_told(before) == {
        *(told for _, _, told in PLANTS[name]),
        f"{server}.backlog",
        "environment.MALLOC_ARENA_MAX",
        f"{module}.Planted",
        f"{module}: {base}.planted",
    }


def names_told(told: dict[str, Any]) -> set[str]:
    return {*told["settings"], *told["classes"], *told["patches"]}


def test_an_option_of_pythons_is_not_overlooked(secret_key: Path) -> None:
    """`python -O -m gunicorn` is no usual command, though the server's options are the same."""
    target = TARGETS["flask"]
    python, *others = target.serve
    with pytest.raises(AssertionError, match="not `python -m gunicorn`"):
        told_by(replace(target, serve=(python, "-O", *others)), secret_key)


@pytest.mark.parametrize("name", TUNED)
def test_every_departure_has_its_gain_and_its_place(name: str) -> None:
    """What a tuned target does otherwise is told with a figure, or says that it gains nothing, and
    where it is in the code."""
    table = rows(name, "departures")
    assert table
    for _, gain, where in table:
        assert re.search(r"\d|nothing", gain), gain
        assert re.search(r"\]\(\.\./services/[^)]+\)", where), where
