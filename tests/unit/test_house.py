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


def classes() -> dict[str, list[str]]:
    """Where each class of the lab is defined, by its name."""
    found = defaultdict(list)
    for path, tree in modules("bench"):
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                found[node.name].append(str(path.relative_to(ROOT)))
    return found


def test_no_class_name_stands_for_two_things() -> None:
    """Whoever searches for a class finds it."""
    found = classes()
    assert "Plan" in found
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
