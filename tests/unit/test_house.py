"""The shape of the house: one name for one thing, and names that say what a thing is."""

import ast
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.targets import SERVICES

ROOT = SERVICES.parent
FOLDERS = ("bench", "services", "nix", "tests/unit", "tests/contract", "tests/conformance",
           "tests/e2e")  # fmt: skip
UNMENDED = {"bench/cli/users.py"}
"""What still has a loop without a noun."""


def modules(folder: str) -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted((ROOT / folder).rglob("*.py")):
        yield path, ast.parse(path.read_text())


def loop_names(tree: ast.Module) -> Iterator[ast.Name]:
    """What loops and comprehensions call the things that they go through."""
    for node in ast.walk(tree):
        if isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
            yield from (name for name in ast.walk(node.target) if isinstance(name, ast.Name))


def types() -> dict[str, list[str]]:
    """Where each class and each alias of a type of the lab is defined, by its name."""
    found = defaultdict(list)
    for path, tree in modules("bench"):
        where = str(path.relative_to(ROOT))
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                found[node.name].append(where)
        for name in filter(None, map(alias, tree.body)):
            found[name].append(where)
    return found


def alias(statement: ast.stmt) -> str:
    """The name that a module gives to a type (`Windows = Mapping[...]`), else ""."""
    match statement:
        case (
            ast.TypeAlias(name=ast.Name(id=name))
            | ast.Assign(targets=[ast.Name(id=name)])
            | ast.AnnAssign(target=ast.Name(id=name))
        ) if not name.isupper() and name.lstrip("_")[:1].isupper():
            return name
    return ""


def test_no_name_of_a_type_stands_for_two_things() -> None:
    """Whoever searches for it finds it."""
    found = types()
    assert {"Plan", "Pacing", "ShapeFunction"} <= set(found)
    assert {name: where for name, where in found.items() if len(where) > 1} == {}


def test_a_folder_of_the_report_is_seen_at_a_glance() -> None:
    """No more than fifteen modules in one."""
    found = Counter(path.parent for path, _ in modules("bench/report"))
    assert ROOT / "bench/report/sections" in found
    assert {str(folder): count for folder, count in found.items() if count > 15} == {}


@pytest.mark.parametrize("folder", FOLDERS)
def test_loops_name_the_noun(folder: str) -> None:
    """Who reads the middle of a loop knows what is in hand: a target, a window, a verdict."""
    names = [
        (str(path.relative_to(ROOT)), name) for path, tree in modules(folder)
        for name in loop_names(tree)
    ]  # fmt: skip
    assert names
    nameless = [
        f"{where}:{name.lineno}"
        for where, name in names
        if name.id == "one" and where not in UNMENDED
    ]
    assert nameless == []
